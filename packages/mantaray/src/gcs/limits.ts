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
} as const;
