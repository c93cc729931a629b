import { limits } from "../../../base/limits.ts";

/** Limits of requests that run once, each with its reason. */
export const keyedLimits = {
  /** A run without a word for so long is dead: one that only stands still is killed sooner by its node's watchdog. */
  leaseMs: limits.watchdogTimeoutMs + 15_000,
  /** A lease is renewed this often: several times may fail. */
  renewMs: 10_000,
  /** A key, as clients send it: identifiers are short. */
  keyCharsMax: 255,
  /** Body of such a request: it is compared with the one before, so it must be whole before the code runs. */
  bodyBytesMax: 8 * 1024 * 1024,
  /** Answer of such a request: it is recorded before it is sent, so it must be whole as well. */
  answerBytesMax: 16 * 1024 * 1024,
  /** A repetition of ours looks this often whether the first run is over. */
  pollMs: 50,
  /** What could not be recorded is tried again after this, as long as the lease lasts. */
  recordRetryMs: 500,
  /** Actors remembered as dead: thousands of deaths within one lease. */
  deadActorsMax: 10_000,
} as const;
