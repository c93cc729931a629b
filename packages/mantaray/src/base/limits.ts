/**
 * The limits that more than one layer must agree on, each with its reason. A limit used by one layer
 * only lives in that layer's own `limits.ts`. `limits.test.ts` asserts how they relate.
 */
export const limits = {
  /** Agent to control store. Short, so that a hung node is seen in seconds. */
  heartbeatPeriodMs: 1_000,
  /** A node without heartbeat for this long is dead (reference: 5 × 3 s; a broken link is faster). */
  heartbeatTimeoutMs: 15_000,
  /** After a broken link a node may come back this long before it is declared dead. */
  nodeReconnectGraceMs: 1_500,
  /** A restarted control store waits this long for the nodes it knows before it changes anything. */
  recoveryWaitMs: 3_000,
  /** One control message. Bundles are the largest. */
  controlMessageBytesMax: 64 * 1024 * 1024,
  /** One DATA frame: a longer body is cut, so that small requests are not stuck behind it. */
  dataFrameBytesMax: 64 * 1024,
  /** Bytes a stream may have in flight towards a peer that does not read. */
  streamWindowBytes: 256 * 1024,
  /** Request bodies up to here are kept for replay on another replica. */
  replayBodyBytesMax: 1024 * 1024,
  /** Streams open at once on one link, per direction. */
  linkStreamsMax: 65_536,
  /** A worker whose loop does not answer its agent for this long is killed. */
  watchdogTimeoutMs: 30_000,
} as const;
