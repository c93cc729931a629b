/** A cancellable timer. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as an injected dependency: everything outside the data plane that waits, times out or stamps
 * takes one, so that tests and simulations own the time. Lint bans the globals elsewhere.
 */
export interface Clock {
  /** Wall clock, in ms since the epoch. May jump: for stamps only. */
  wallMs(): number;
  /** Monotonic ms with a fraction: for durations and deadlines. */
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
