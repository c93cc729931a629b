/** Bounds of what a deploy config may hold: far above real use, so that a runaway generator is refused early. */
export const configLimits = {
  /** Text of one config: a hundred apps of a hundred deployments fit many times. */
  yamlBytesMax: 4 * 1024 * 1024,
  applicationsMax: 1_000,
  deploymentsPerApplicationMax: 1_000,
  /** Bodies kept for a retry: some hundred at once of this size are all that a process holds. */
  replayBodyBytesMax: 64 * 1024 * 1024,
  /** A recorded answer: all of them share 256 MiB. */
  recordedResponseBytesMax: 16 * 1024 * 1024,
  /** Replicas of one deployment: the controller is simulated up to here. */
  replicasMax: 10_000,
  /** Problems listed in one error: a reader fixes the first ones first. */
  issuesMax: 50,
  /** A submitted value is quoted in an error up to here. */
  quotedValueCharsMax: 60,
  /** YAML aliases expanded in one document: stops the "billion laughs" kind of document. */
  yamlAliasesMax: 100,
} as const;
