/** Limits of the store of idempotency keys, each with its reason. */
export const idempotencyLimits = {
  /** Answers kept for a whole cluster: a day of one a second. The oldest go first. */
  answersMax: 100_000,
  /** Bytes of all answers kept: Redis and the temp folder have other uses. */
  answerBytesMax: 256 * 1024 * 1024,
  /** A file that somebody else writes to is tried again after this … */
  busyRetryMs: 5,
  /** … for so long: a writer needs a fraction of a millisecond. */
  busyMax: 400,
  /** What is over is removed at most so many at a time: no call takes long. */
  sweepMax: 100,
} as const;
