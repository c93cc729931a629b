/** Bounds of the operator as a program, each with its reason. */
export const runtimeLimits = {
  /** A pass over one key. Hundreds of pods at the rate limit, a slow head's REST: beyond, something hangs. */
  reconcileTimeoutMs: 120_000,
  /** After its signal has fired, a pass has this long to end; then it is stuck, and the process no longer healthy. */
  reconcileStuckMs: 60_000,
  /** Keys at once by default. The reference has 1; keys do not disturb each other, and most of a pass is waiting. */
  concurrency: 4,
  concurrencyMax: 256,
  /** At SIGTERM running passes have this long, then their signal fires. With the rest below a pod's grace of 30 s. */
  drainMs: 20_000,
  /** To write the last events. */
  eventFlushMs: 2_000,
  /** Until all caches are filled at the start, before it is said in the log who is missing. */
  syncWarnMs: 30_000,
  /** A watch dead for so long makes the operator unready: nobody should believe that it follows. */
  cacheSilentMs: 600_000,
  /** A request of a scraper or probe. */
  httpTimeoutMs: 10_000,
} as const;
