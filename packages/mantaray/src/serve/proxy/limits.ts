/** Bounds of the proxy's own part of a request. */
export const proxyLimits = {
  /** A proxy that starts knows no routes until its agent has told it: requests wait this long for that. */
  firstSnapshotWaitMs: 5_000,
  /** So many requests may wait for the first routes; more are told to come back. */
  firstSnapshotWaitingMax: 1_000,
  /** A client's own `x-request-id` is taken up to this length: it goes into heads and logs. */
  requestIdCharsMax: 128,
  /** Largest timeout a client can ask for: a day. */
  requestTimeoutMsMax: 24 * 60 * 60 * 1_000,
  /** A port that is still in use by the proxy before is tried again this long … */
  listenRetryMs: 5_000,
  /** … at this pace. */
  listenRetryPeriodMs: 100,
  /** Share of a shutdown's grace for the clients' connections; the rest is for what is still at replicas. */
  drainShare: 0.8,
  /** Share of that for the start of the process that takes over; the rest is for what is under way here. */
  handOverShare: 0.5,
  /** When a client should come back after a refusal of ours. */
  retryAfterSeconds: 1,
} as const;
