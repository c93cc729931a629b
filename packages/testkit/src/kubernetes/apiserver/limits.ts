/** Bounds of the API server, each with its reason. */
export const limits = {
  /** Events kept a kind of object, from which a watch can resume; as the reference's watch cache at its largest. */
  historyEventsMax: 20_000,
  /** A request's body; the reference's own limit (etcd refuses larger objects anyhow). */
  bodyBytesMax: 3 * 1024 * 1024,
  /** Unsent bytes of one watch, beyond which it is cut: its reader is too slow and shall list again. */
  watchBacklogBytesMax: 64 * 1024 * 1024,
  /** How often a quiet watch with bookmarks hears its version. The reference: about a minute; clients resume cheaper the shorter. */
  bookmarkIntervalMs: 15_000,
  /** A watch without `timeoutSeconds` ends after this, as the reference's `--min-request-timeout`, so that connections get spread anew. */
  watchTimeoutMs: 30 * 60_000,
  /** Names tried for a `generateName`, as the reference. */
  generatedNamesMax: 8,
  /** A projected service account token lives at least this long. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
  tokenSecondsMin: 600,
  tokenSecondsMax: 24 * 3600,
  /** An idle connection is kept so long; longer than clients keep theirs, so that they never write into one that closes. */
  keepAliveMs: 120_000,
  /** How long a plain HTTP proxy request (`services/proxy`, `pods/proxy`) may stay silent. */
  proxyTimeoutMs: 60_000,
  /** Distinct (verb, resource, user agent) kinds of request that are counted apart; the rest is counted together. */
  requestKindsMax: 2_000,
} as const;
