/** Limits of the Redis store, each with its reason. */
export const redisLimits = {
  /** A connection, TLS included, is there by then: a server that answers after two seconds still works. */
  connectTimeoutMs: 5_000,
  /** A command is answered by then, besides the time its bytes take. Longer means that the connection is dead. */
  commandTimeoutMs: 5_000,
  /** The slowest network on which a bundle still arrives. */
  bytesPerSecondMin: 1024 * 1024,
  /** First wait after a failed attempt to connect. A connection that was good is tried again at once. */
  reconnectInitialMs: 20,
  /** Longest wait: the store is back within a second of Redis being back. */
  reconnectMaxMs: 1_000,
  /** A connection that lasted this long was good: the next back-off begins anew. */
  stableConnectionMs: 1_000,
  /** Calls that wait for a connection's turn. The control store has one write in flight: more is a defect. */
  waitingCallsMax: 10_000,
  /** Values are fetched in replies of about this size. */
  loadBatchBytes: 8 * 1024 * 1024,
  /** Addresses in one list: more is a mistake. */
  addressesMax: 32,
  /** Redirections that one attempt to connect follows (Sentinel, Cluster). */
  redirectionsMax: 4,
  /** Namespaces are part of every key. */
  namespaceLengthMax: 200,
  /** A lease that outlives its holder: no longer than any control store asks for. */
  strayLeaseMsMax: 10_000,
  /** The oldest Redis whose scripts may ask for the time and then write. */
  versionMin: 5,
  /** Of an error text that Redis sent, in our own. */
  replyTextMax: 200,
} as const;
