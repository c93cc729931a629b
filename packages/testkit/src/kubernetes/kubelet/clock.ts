import { systemClock as machineClock, timestamp } from "../apiserver/clock.ts";

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
  ...machineClock,
  after: (delayMs, callback) => machineClock.after(delayMs, callback, { unref: true }),
};

/** As the API writes times. */
export const apiTime = timestamp;

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
