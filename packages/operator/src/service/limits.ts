/** Bounds of the reconciliation of a RayService, each with its reason. */
export const serviceLimits = {
  /** A call of a head's Serve REST (reference, section 4.5). */
  serveTimeoutMs: 2_000,
  /** A config that is sent: the head packs the applications first, and 2 s cut that off. */
  putTimeoutMs: 20_000,
  /** A proxy's health (reference, section 4.7). */
  healthTimeoutMs: 2_000,
  /** The answer of a Serve REST: a thousand deployments are about 2 MB. */
  responseBytesMax: 16 * 1024 * 1024,
  /** Text of a refusal that goes into an event. */
  errorTextMax: 512,
  /** While something is changing, the Serve REST is asked so often (reference: always). */
  busyPollMs: 2_000,
  /** While nothing is. What matters then (pods, endpoints) is watched. */
  calmPollMs: 10_000,
  /** Proxies of heads, whose health no probe of Kubernetes tells. */
  healthPollMs: 2_000,
  /** After a first failure: the second look, which decides. */
  healthRetryMs: 1_000,
  /** So many failures in a row take a head out of the Service: one slow answer is none. */
  healthFailures: 2,
  /** Calls at once, over all RayServices: sockets are not endless, and a dead network holds each for its time-out. */
  pollsMax: 64,
  /** A token is read again after this: a rotated one is used soon, and Secrets are not read with every question. */
  tokenMs: 60_000,
  /** Tokens remembered; beyond, the oldest is read again. */
  tokensMax: 4_096,
  /** A config that was refused is not sent again before this, unless it changes. */
  refusedRetryMs: 30_000,
  /** Refusals remembered; beyond, the oldest config is sent once more. */
  refusedMax: 4_096,
  /** `rayClusterDeletionDelaySeconds` where it is not set (reference). */
  deletionDelayMs: 60_000,
  /** A cluster without traffic is kept at least this long after the switch: so long do balancers take to notice. */
  settleMs: 10_000,
  /** A cluster that still answers requests when its time is over gets this much more; then its pods drain by themselves. */
  drainExtraMs: 60_000,
  /** A new cluster that is ready waits so long for as many endpoints as the old one has. */
  endpointsWaitMs: 15_000,
  /** Message of a condition: the API takes 32 KiB, people read a line. */
  conditionMessageMax: 2_048,
  /** While clusters and Services of a suspended RayService go; their end is watched too. */
  suspendRequeueMs: 2_000,
  /** Gateways and routes are not watched: while an upgrade moves traffic they are read so often, and else so often. */
  gatewayBusyMs: 2_000,
  gatewayCalmMs: 60_000,
  /** The API server takes 256 KiB of annotations; a config beyond this (compressed) is not kept on its cluster. */
  keptConfigBytesMax: 128 * 1024,
  /** Configs shorter than this are kept as they are, for people to read. */
  plainConfigBytesMax: 16 * 1024,
} as const;
