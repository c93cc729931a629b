/** Time, so that tests can own it. */
export interface KubeletClock {
  /** Wall clock, ms since the epoch. */
  wallMs(): number;
  /** Monotonic. */
  nowMs(): number;
  /** Runs once, unless cancelled; does not keep the process alive. */
  after(delayMs: number, callback: () => void): { cancel(): void };
}

/** The machine's own time. */
export const systemClock: KubeletClock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** As the API writes times: whole seconds, UTC. */
export const apiTime = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;

/** Resolves after the delay, or at once when the signal fires. */
export const pause = (clock: KubeletClock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal.addEventListener("abort", finish, { once: true });
  });
