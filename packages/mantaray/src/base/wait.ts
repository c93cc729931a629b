import { type Clock, systemClock } from "./clock.ts";
import { MantaError } from "./errors.ts";

/** Resolves after `delayMs`; rejects with `canceled` when the signal fires first. */
export const sleep = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new MantaError("canceled", "the wait was canceled"));
      return;
    }
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timer.cancel();
      reject(new MantaError("canceled", "the wait was canceled"));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });

/** What `waitFor` polls with. */
export interface WaitOptions {
  readonly timeoutMs: number;
  /** Names the condition in the error. */
  readonly what: string;
  /** Default 20. */
  readonly intervalMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Polls `probe` until it returns something other than `undefined` or `false`, and returns that.
 * Rejects with `deadline_exceeded`, which names the condition and the last error of the probe.
 */
export const waitFor = async <T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> => {
  const clock = options.clock ?? systemClock;
  const deadlineMs = clock.nowMs() + options.timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (clock.nowMs() >= deadlineMs) {
      throw new MantaError("deadline_exceeded", `${options.what} did not happen within ${options.timeoutMs} ms`, {
        cause: lastError,
      });
    }
    await sleep(clock, options.intervalMs ?? 20, options.signal);
  }
};

/** Rejects with `deadline_exceeded` when `promise` takes longer than `timeoutMs`. */
export const withTimeout = async <T>(
  promise: Promise<T>,
  timeoutMs: number,
  what: string,
  clock: Clock = systemClock,
): Promise<T> => {
  let timer: { cancel(): void } | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = clock.after(timeoutMs, () =>
      reject(new MantaError("deadline_exceeded", `${what} took longer than ${timeoutMs} ms`)),
    );
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    timer?.cancel();
  }
};
