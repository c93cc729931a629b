/** The limits of a client of the cluster, each with its reason. */
export const actorLimits = {
  /** `connect` gives up after this long: a person waits for it. */
  connectTimeoutMs: 10_000,
  /** The first question on a new link: whether the control store leads. One that hangs is left for another. */
  firstLookTimeoutMs: 2_000,
  /** How often it is asked again, how long an answer may take, and how many may fail until others are tried. */
  lookPeriodMs: 1_000,
  lookTimeoutMs: 1_500,
  lookMissesMax: 2,
  /** One call of an actor's method, unless the caller says otherwise. */
  callTimeoutMs: 60_000,
  /** Dialing an actor: it is on the machine or one hop away. */
  dialTimeoutMs: 5_000,
  /** One answer of a call, kept in memory until it is complete. */
  answerBytesMax: 64 * 1024 * 1024,
  /** Links kept open to actors; the one used longest ago is closed first. */
  linksMax: 256,
  /** First and longest pause between two looks at an actor's state. */
  waitIntervalMs: 25,
  waitIntervalMaxMs: 250,
  /** A node that died longer ago is no recent failure any more in a status report. */
  recentFailureMs: 30 * 60 * 1000,
} as const;
