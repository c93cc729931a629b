/** Bounds of autoscaling, each with its reason. */
export const autoscalerLimits = {
  /** `idleTimeoutSeconds` where it is not set (reference, section 1.3). */
  idleTimeoutMs: 60_000,
  /** A worker that no head knows yet is idle only after this: it may be starting, or on its way back to a new head. */
  unregisteredIdleMs: 60_000,
  /** Conservative: so many replicas of a group may start at once, or as many as run (reference, section 7.5). */
  conservativeMin: 5,
  /** New replicas of a group in one decision: what a wrong demand can cost at once. */
  addedPerPass: 1_000,
  /** Replicas of a group that leave in one decision: each is one call to the head. */
  removedPerPass: 20,
  /** A head is asked so often while something waits or leaves … */
  busyPollMs: 2_000,
  /** … and so often while nothing does. */
  calmPollMs: 4_000,
  /** A question to a head: the state of a thousand nodes. */
  loadTimeoutMs: 5_000,
  /** An order to a head. */
  drainTimeoutMs: 5_000,
  /** Heads that are asked at once, over all clusters. */
  pollsMax: 64,
  /** Without an answer for so long what was idle counts as new: nobody knows what happened meanwhile. */
  silenceMs: 30_000,
  /** The node leaves so long before the end of its pod's grace, where that has room for it. */
  drainSlackS: 5,
  /** `terminationGracePeriodSeconds` of Kubernetes where a pod has none. */
  graceS: 30,
  /** Names of pods in an event's text. */
  namesInNote: 5,
} as const;
