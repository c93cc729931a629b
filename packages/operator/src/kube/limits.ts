/** Every bound of the Kubernetes client, its caches and queues, each with its reason. */
export const kubeLimits = {
  /** A call with its retries. Longer than an API server's failover behind a load balancer, shorter than a lease. */
  requestTimeoutMs: 30_000,
  /** One attempt of it: a connection that is dead without a word must leave time for another. */
  attemptTimeoutMs: 15_000,
  /** Attempts of a call that may be repeated. */
  attemptsMax: 5,
  /** The first wait between attempts; doubles. A server's own Retry-After counts more. */
  retryInitialMs: 100,
  /** A server that asks for more than this is answered by an error: the queue's back-off waits better than a call. */
  retryAfterMaxMs: 10_000,
  /** Requests a second and in one go, as the reference (`--qps`, `--burst`). */
  qps: 100,
  burst: 200,
  /** Connections for calls. Watches have their own: a full pool must not stop a cache. */
  connectionsMax: 32,
  /** Watches at once: ten resources in up to 25 namespaces. */
  watchesMax: 256,
  connectTimeoutMs: 5_000,
  /** Idle connections are probed from then on: a load balancer that forgets a watch without a word is found out. */
  tcpKeepAliveMs: 15_000,
  /** The kubelet replaces a token long before it ends (at 80 % of an hour or more). */
  tokenRereadMs: 60_000,
  /** Objects a page of a list: what client-go asks for. */
  pageSize: 500,
  /** An answer. A page of 500 RayClusters with long specs stays below. */
  responseBytesMax: 128 * 1024 * 1024,
  /** One line of a watch: etcd's own limit is 1.5 MiB, JSON text of it may be longer. */
  watchLineBytesMax: 16 * 1024 * 1024,
  /** A watch lives between this and twice this, scattered, so that all caches do not come back at once. */
  watchTimeoutSeconds: 300,
  /** A watch silent for so long is taken for dead: bookmarks come about every minute. */
  watchSilenceMs: 150_000,
  /** A watch that lasted so long was a good one: the next failure is the first again. */
  watchLastedMs: 10_000,
  /** Back-off of a cache whose list or watch fails. client-go's 30 s leave the operator blind long after its server is back. */
  relistInitialMs: 800,
  relistMaxMs: 10_000,
  /** All keys are reconciled once in this time, whatever the watches say. */
  resyncMs: 600_000,
  /** A write not seen in the cache for so long was lost or undone: decide without it (the reference's figure). */
  expectationTimeoutMs: 30_000,
  /** Expectations at once; beyond, the oldest go. A cluster of thousands of pods is created in steps. */
  expectationsMax: 50_000,
  /** After a conflict of versions: the watch brings the newer object, usually sooner. */
  conflictRequeueMs: 200,
  /** Back-off of a key that fails: 5 ms to 1000 s in client-go; ours ends at a minute, since an answer may come any time. */
  queueInitialMs: 5,
  queueMaxMs: 60_000,
  /** Events waiting to be written; beyond, the newest are dropped and counted. */
  eventQueueMax: 1_000,
  /** Different events remembered to fold repeats into one. */
  eventSeriesMax: 4_096,
  /** A repeat within this is one more of the series, not a new event (the API server's own habit). */
  eventSeriesMs: 360_000,
  /** Events a second for one object in the long run, and in one go, as client-go's spam filter. */
  eventSubjectPerSecond: 1 / 300,
  eventSubjectBurst: 25,
  /** `note` of an event. The API refuses more. */
  eventNoteBytesMax: 1_024,
  /** Lease: as client-go's defaults of controller-runtime. */
  leaseDurationMs: 15_000,
  leaseRenewDeadlineMs: 10_000,
  leaseRetryMs: 2_000,
} as const;
