/** Every bound of the controllers, with its reason. */
export const controllerLimits = {
  /** First wait after a failed reconcile; doubles. As Kubernetes' own queues start at 5 ms. */
  retryMs: 10,
  /** Longest wait: whoever mends the cause sees it work soon. */
  retryMaxMs: 5_000,
  /** Reconciles in one turn of the event loop; requests are served between. */
  reconcilesPerTurn: 20,
  /** Pods that one reconcile creates or deletes, as the reference's burst. */
  podsPerReconcile: 500,
  /** Endpoints of one slice; the reference's default is 100, its limit 1000. */
  endpointsPerSlice: 1_000,
  /** Silence of a kubelet after which its node is NotReady, as `--node-monitor-grace-period`. */
  nodeMonitorGraceMs: 50_000,
  /** How often nodes' heartbeats are looked at. */
  nodeMonitorMs: 5_000,
  /** How long a pod that does not say it stays on a node that is away, as DefaultTolerationSeconds. */
  tolerationSeconds: 300,
  /** First wait before a Job's pod is replaced; the reference waits 10 s, tests have no time for that. */
  jobBackoffMs: 1_000,
  jobBackoffMaxMs: 60_000,
  /** How often a namespace is looked at whose content takes its time. */
  namespaceRetryMs: 100,
  /** An eviction that led to nothing is forgotten, as the reference's DeletionTimeout. */
  evictionForgottenMs: 120_000,
} as const;
