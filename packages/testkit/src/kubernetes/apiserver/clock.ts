/** Time as the server sees it; a `FakeClock` of `mantaray/testing` fits. */
export interface Clock {
  /** Wall clock, ms since the epoch. */
  wallMs(): number;
  /** Monotonic ms. */
  nowMs(): number;
  after(delayMs: number, callback: () => void, options?: { unref?: boolean }): { cancel(): void };
}

/** The machine's own time. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after: (delayMs, callback, options) => {
    const timer = setTimeout(callback, delayMs);
    if (options?.unref === true) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A time as the API writes it (`metav1.Time`): RFC 3339 in whole seconds. */
export const timestamp = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
