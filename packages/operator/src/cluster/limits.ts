/** Bounds of the reconciliation of a RayCluster, each with its reason. */
export const clusterLimits = {
  /** Pods created or deleted in one pass of one group: a huge group must not hold the queue's worker for minutes. */
  podWritesPerPass: 250,
  /** The next pass after one that was cut off by that. */
  moreWritesRequeueMs: 50,
  /** While pods of a deleted cluster end (reference, section 3.3: 10 s; watching tells us sooner). */
  deletionRequeueMs: 10_000,
  /** While the clean-up job runs; its end is watched too. */
  cleanupRequeueMs: 2_000,
  /** A deleted cluster keeps its finalizer no longer (reference, section 3.3), unless an annotation says so. */
  deletionTimeoutMs: 300_000,
  /** Clean-up job: its own bound, as the reference. */
  cleanupJobSeconds: 300,
  /** A clean-up pod that lacks its Secret or image for so long will not start: who deleted one by one mistake waits no longer. */
  cleanupStartMs: 15_000,
  /** A pod whose grace period has been over for so long does not end by itself: its kubelet is away or stuck. */
  overduePodMs: 15_000,
  /** A surge pod that nothing tells "ready" counts as available after running for so long (workers without a replica). */
  availableAfterMs: 15_000,
  /** Between two looks at a rolling update that waits. */
  rollRequeueMs: 5_000,
  /** A worker that has run for so long without being Ready has no replica and is not the disruption budget's concern. */
  idleWorkerMs: 120_000,
  /** Standby heads that an annotation may ask for: each costs a pod, and more than a few gain nothing. */
  standbyHeadsMax: 5,
  /** Tries to find a name that no pod has; a group of thousands collides rarely. */
  nameAttemptsMax: 64,
  /** Grace period of a pod beyond its drain (docs/fault-tolerance.md). */
  drainMarginSeconds: 5,
  /** A node's own time to leave (`MANTA_DRAIN_TIMEOUT_S`). */
  drainSecondsDefault: 25,
  /** Message of a condition: the API takes 32 KiB, people read a line. */
  conditionMessageMax: 2_048,
} as const;
