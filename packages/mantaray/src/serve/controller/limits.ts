/** Bounds and periods of the controller, each with its reason. */
export const controllerLimits = {
  /** The loop turns at most this often, so that a storm of signals becomes a few passes. */
  passGapMs: 5,
  /** Replica starts that fail are tried again after this, doubled each time (reference: factor 2, cap 64 s). */
  startBackoffInitialMs: 500,
  startBackoffMaxMs: 64_000,
  /** Cap of the same for replicas that ran and crash again and again: they did start, so it is shorter. */
  crashBackoffMaxMs: 10_000,
  /** A replica that dies sooner than this after it ran counts towards the crash back-off. */
  quickDeathMs: 10_000,
  /** So many quick deaths in a row are replaced at once; more wait, so that a crash loop cannot eat the machine. */
  quickDeathsFree: 3,
  /** A start the control store cannot place for this long is "blocked": an old replica may go first. */
  blockedMs: 2_000,
  /** As above where going first leaves fewer replicas than the deployment had: its only one, or after a node was lost. */
  blockedLastMs: 10_000,
  /** Replicas are moved to an emptier node only after the deployment was full and quiet for this long. */
  rebalanceQuietMs: 3_000,
  /** Difference between the fullest and the emptiest node that is worth a move. */
  rebalanceSkewMin: 2,
  /** Calls to the control store. */
  callTimeoutMs: 10_000,
  /** A change of settings runs the user's code: as long as a start may reasonably take. */
  reconfigureTimeoutMs: 120_000,
  /** After an order to stop was taken and the grace has passed, it is given again after this. */
  stopOrderRepeatMs: 30_000,
  /** Retries of failed calls to the control store and of the subscription. */
  retryInitialMs: 200,
  retryMaxMs: 5_000,
  /** Health checks under way at once: bounds the links and the memory of a storm. */
  healthChecksMax: 512,
  /** Calls to the control store under way at once: bounds what a restart of it has to take. */
  effectsMax: 256,
  /** Strikes in a row that make a replica or a proxy unhealthy (reference constant). */
  unhealthyStrikes: 3,
  /** Reference constant: the stop of a proxy that is unhealthy. */
  proxyStopGraceMs: 5_000,
  /** A proxy's own grace, where its node or a signal ends it: long requests end in it. The pod's default is 30 s. */
  proxyLeaveGraceMs: 30_000,
  /** A word of the control store that this controller lives is good for this long: well below the lease's 3 s. */
  standingMs: 1_000,
  /** A node that a control store does not name after it lost its data counts as alive for this long: agents come back within 1 s, and its own death bounds are 5 s. */
  absentNodeGraceMs: 10_000,
  /** First check of a replica that was adopted or restarted in place comes within this: its state is "recovering" until then. */
  recoverCheckMs: 300,
  /**
   * Of the time of a drain this is kept, besides the replicas' own grace: the agent stops what is left 10 s before
   * the end, and its replicas shall be out of the routes before.
   */
  drainReserveMs: 12_000,
  /** A replica that cannot be reached for this long, though its node is registered, is replaced: three checks of the default period. */
  unreachableMs: 30_000,
  /** With a greater share of all replicas out of reach it is this controller that is cut off, and nothing is replaced. */
  unreachableShareMax: 0.5,
  /** A proxy's loop runs no user code, so 5 s without an answer to any ping is a hang; clients wait for nobody else meanwhile. */
  proxyWatchdogMs: 5_000,
  /** Text of a user's error in a status message. */
  messageCharsMax: 4_000,
} as const;
