/** The limits of the command line, each with its reason. */
export const cliLimits = {
  /** One answer of the API server: 10 000 rows of actors in detail fit. */
  answerBytesMax: 64 * 1024 * 1024,
  /** A deploy bundles code before it answers. */
  deployTimeoutMs: 90_000,
  /** One of several API servers that takes longer is left for the next. */
  otherServerTimeoutMs: 5_000,
  /** Any other request, unless `--timeout` says otherwise. */
  requestTimeoutMs: 30_000,
  /** `health-check`: less than the period of whoever asks. */
  healthTimeoutMs: 5_000,
  /** Reaching the control store for a person who waits. */
  connectTimeoutMs: 5_000,
  /** A drain: long requests end in it; with nothing under way it takes seconds. */
  drainTimeoutS: 120,
  /** Beyond the deadline, for the node's last steps and the news of them. */
  drainSlackMs: 20_000,
  drainLookMs: 250,
  drainCallTimeoutMs: 2_000,
  /** `redis-cleanup`: how long Redis may be away, unless the reference's variables say so; and at most. */
  redisWaitMs: 10_000,
  redisWaitMsMax: 300_000,
  /** Rows of a list: default and most, as the API server has them. */
  rowsDefault: 100,
  rowsMax: 10_000,
  /** `local up`: more are no test of one machine. */
  kubernetesNodesMax: 16,
  /** Its operator lists what there is, in a cluster that is empty. */
  operatorTimeoutMs: 30_000,
  /** A config file. */
  configBytesMax: 1024 * 1024,
} as const;
