import { limits } from "../base/limits.ts";

/** Limits of the control store, each with its reason. */
export const gcsLimits = {
  /** Rows of dead actors kept for people to read; the oldest go first. */
  deadActorsMax: 1_000,
  /** The same for nodes. */
  deadNodesMax: 200,
  /** Actors that are not dead. Ten times the largest cluster we have in mind. */
  liveActorsMax: 100_000,
  /** The same for nodes. */
  liveNodesMax: 5_000,
  /** Changes a subscriber may be behind: a restart of ten thousand replicas fits. Beyond it is cut off. */
  subscriberQueueMax: 65_536,
  /** Subscribers at once: workers do not subscribe, processes of nodes and people do. */
  subscribersMax: 4_096,
  /** A line of the event log is for people. */
  eventMessageCharsMax: 4_096,
  eventFieldsMax: 32,
  kvKeyBytesMax: 1_024,
  /** What a control message can carry besides the value is small. */
  kvValueBytesMax: limits.controlMessageBytesMax - 64 * 1024,
  kvEntriesMax: 100_000,
  /** All values are held in memory. */
  kvTotalBytesMax: 1024 * 1024 * 1024,
  /** Pending actors are looked at again this often even when nothing changed. */
  placementPeriodMs: 1_000,
  /** First delay of an actor that crashes again; its first restart waits for nothing. */
  restartBackoffInitialMs: 100,
  restartBackoffMaxMs: 30_000,
  /** An actor that lived this long is not in a crash loop. */
  restartStableMs: 10_000,
  /** An agent that would not start an actor is asked again after this at first. */
  refusedBackoffInitialMs: 200,
  /** An agent answers `startActor` before the process starts: longer means it hangs. */
  agentCallTimeoutMs: 10_000,
  /** A failed push to an agent whose link is up is repeated after this. */
  pushRetryMs: 1_000,
  /** A restarting actor waits this long for the dead node it is pinned to: a cut network often heals sooner. */
  pinnedNodeWaitMs: 30_000,
  /** Nodes named in a reason why an actor is pending. */
  reasonNodesMax: 5,
  /** A loop turn later than this was our own stall: silent agents get new credit. */
  ownStallMs: limits.heartbeatTimeoutMs / 3,
  /** A stop in order that takes longer is cut short. */
  shutdownMs: 3_000,
  /** Of that, for what is still to be written: a store that is away must not delay the next leader. */
  shutdownFlushMs: 1_000,

  /** A store that has been away for less is slow: changes wait for it. Beyond, changes are refused at once. */
  storePatienceMs: 2_500,
  /** How long a change waits to become durable before its caller hears `unavailable`: two slow writes and a retry. */
  storeAckMs: 8_000,
  /** First wait before a write is repeated. */
  storeRetryInitialMs: 50,
  /** Longest one: everything is on its way within half a second of the store being back. */
  storeRetryMaxMs: 500,
  /** One step of writing: bounds the time that the store does nothing else. */
  storeStepBytes: 4 * 1024 * 1024,
  /** Changes that wait for the store. Beyond, they are dropped and all tables are written instead. */
  storeQueueMax: 20_000,
  /** The same in bytes: not less than the largest value of one change. */
  storeQueueBytesMax: 128 * 1024 * 1024,

  /** A standby looks at the lease this often: a released one is taken within this time. */
  standbyPollMs: 200,
  /** A standby whose store is away asks again after this. */
  standbyRetryMs: 500,
  /** How often a leader notices that it runs. */
  leaseTickMs: 250,
  /** A leader that stood still for longer gives no orders until its lease is confirmed. With the period of renewal it stays below the TTL. */
  leaseStallMs: 1_000,
  /** A leader that has stepped down answers `not_leader` for this long before it ends: its successor comes first. */
  stepDownMs: 3_000,
  /** So many nodes lost at once are a cut network, not so many deaths: with one, nobody could tell. */
  isolatedFromMin: 2,
  /** So long after the last link broke: before the grace of the first one's node is over, `nodeReconnectGraceMs`. */
  isolatedAfterMs: 250,

  /** A new leader tells a node of itself with these bounds, and again until the node has come. */
  followDialTimeoutMs: 1_000,
  followCallTimeoutMs: 1_000,
  followRetryMs: 250,
  /** Nodes told at once. */
  followParallelMax: 64,
  /** Refusals of connections, one after the other, by which the head that led before is known to be gone. */
  formerHeadRefusalsMax: 2,
  /** Without an answer of any kind it is given up after this: it lost its lease because it was away. */
  formerHeadWaitMs: limits.nodeReconnectGraceMs,
  /** An empty store may be a new cluster's or a lost one: new names wait this long for a head that still has them. */
  emptyStoreWaitMs: 1_000,
  /** A node's answer about what it holds for us. */
  salvageTimeoutMs: 10_000,
  /** Who asks for the routing snapshot waits this long for a newer one that a node holds: well below the timeout of such a call, 10 s. */
  salvageRoutingWaitMs: 3_000,
  /** Nodes asked at once for a bundle that the store has lost. */
  salvageParallelMax: 4,
} as const;
