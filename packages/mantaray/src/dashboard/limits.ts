/** The limits of the API server, each with its reason. */
export const dashboardLimits = {
  /** A request body. Configs are the largest; the reference's own are a few kB. */
  bodyBytesMax: 1024 * 1024,
  /** A request head. */
  headerBytesMax: 16 * 1024,
  /** From the first byte of a request to the end of its head: slow clients. */
  headersTimeoutMs: 10_000,
  /** From the first byte of a request to the end of its body. */
  requestTimeoutMs: 30_000,
  /** An idle connection is closed; over the period of the pollers there are. */
  keepAliveTimeoutMs: 75_000,
  /** A control endpoint serves few clients. */
  connectionsMax: 512,
  /** How long a request waits for a link to the control store before it answers 503. */
  gcsReadyTimeoutMs: 2_000,
  /** One call of the control store. */
  gcsCallTimeoutMs: 5_000,
  /** A health probe must answer before its own client gives up (10 s in the reference's probes). */
  healthTimeoutMs: 2_000,
  /** What a 503 asks a client to wait: about as long as a control plane takes to be back. */
  retryAfterSeconds: 1,
  /** How long a request waits for a controller that is restarting. */
  controllerReadyTimeoutMs: 5_000,
  /** Starting Serve: a process and its recovery. */
  controllerStartTimeoutMs: 30_000,
  /** One call of the controller that reads. */
  controllerCallTimeoutMs: 10_000,
  /** A deploy validates and bundles code before it answers. */
  deployTimeoutMs: 60_000,
  /** Rows of a State API answer: default and most (`RAY_MAX_LIMIT_FROM_API_SERVER`). */
  stateRowsDefault: 100,
  stateRowsMax: 10_000,
  /** `timeout` of a State API query, default and most, s. */
  stateTimeoutDefaultS: 30,
  stateTimeoutMaxS: 60,
  /** Filters of one query. */
  stateFiltersMax: 32,
  /** Why a node drains: a line of the events. */
  drainReasonLengthMax: 256,
  /** `timeout_s` of a drain: a day, longer than any request lives. */
  drainTimeoutMaxS: 86_400,
  /** A browser session. */
  sessionMs: 12 * 60 * 60 * 1000,
  /** Time for open requests when the process is told to end. */
  shutdownGraceMs: 2_000,
} as const;
