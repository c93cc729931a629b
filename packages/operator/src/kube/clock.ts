/** A cancellable timer. */
export interface Timer {
  cancel(): void;
}

/** Time as an injected dependency; the shape of the clocks of `mantaray/testing`, whose fake one tests use. */
export interface Clock {
  /** Wall clock, in ms since the epoch. May jump: for stamps only. */
  wallMs(): number;
  /** Monotonic ms: for durations and deadlines. */
  nowMs(): number;
  /** Runs `callback` once after `delayMs`. The timer keeps the process alive unless `unref`. */
  after(delayMs: number, callback: () => void, options?: { unref?: boolean }): Timer;
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

/** Resolves after `delayMs`, or at once when the signal fires: whoever waits looks at the signal then. */
export const pause = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
