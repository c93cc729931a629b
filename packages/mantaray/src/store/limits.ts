/** Limits of the store, each with its reason. */
export const storeLimits = {
  /** A holder that does not renew for this long loses its lease: three missed renewals. */
  leaseTtlMs: 3_000,
  /** At most a third of the TTL, so that one late renewal costs nothing. */
  leaseRenewPeriodMs: 1_000,
  /** Entries of the event log: enough for a person to see what happened today. */
  eventsMax: 1_000,
  /** A log of this size is folded into a snapshot: bounds the disk and the time of a start. */
  logBytesMax: 16 * 1024 * 1024,
  /** One frame of the log: a bundle of the largest size and some records more. */
  frameBytesMax: 80 * 1024 * 1024,
  /** A batch is closed beyond this size: the next mutations go into the next frame. */
  batchBytesMax: 8 * 1024 * 1024,
  /** Records of a snapshot are encoded in steps of this size: a few ms of the event loop each. */
  snapshotBatchBytes: 512 * 1024,
  /** Mutations that wait for the disk. More means that the disk has stopped. */
  pendingMutationsMax: 100_000,
  /** How long an opener waits for a directory that another live process holds: an orderly stop fits in. */
  lockWaitMs: 5_000,
  /** How often it looks. */
  lockPollMs: 50,
} as const;
