/** Bounds of the caller's side of requests, each with its reason. Units are in the names. */
export const routingLimits = {
  /** Waiting requests of one deployment when its user set no bound: some 4 kB each, so 80 MB at worst. */
  queuedRequestsMax: 20_000,
  /** Request bodies held for replay, all requests together: what does not fit is not replayable. */
  heldBodyBytesMax: 256 * 1024 * 1024,
  /** A request that was running when this many replicas died is more likely the cause than the victim. */
  executionsMax: 5,
  /** Re-sends of requests that may have run: this share of the traffic … */
  retryShare: 0.2,
  /** … but at least this many a second, so that little traffic can be saved too … */
  retriesPerSecondMin: 10,
  /** … both summed over this window, so that one dead replica with many requests fits. */
  retryWindowSeconds: 10,
  /** A request waits this long for the budget before it is given up. */
  budgetWaitMs: 5_000,
  /** How often those that wait for the budget look again. */
  budgetPollMs: 100,
  /** Up to here every replica is looked at; beyond, two at random. */
  fullScanReplicasMax: 16,
  /** A replica whose link broke is avoided this long after the link is back. */
  suspectMs: 1_000,
  /** A replica that so many requests in a row have failed at, by its machinery and not by an answer, is avoided. */
  failuresMax: 5,
  /** Avoided again within this time, it is avoided for longer than the last time. */
  avoidMemoryMs: 30_000,
  /** With a smaller share than this left to choose from, those that are avoided are used as well. */
  panicShare: 0.5,
  /** A silent replica that cannot be spared is looked at again after this. */
  silenceLookMs: 500,
  /** Silences that ended by themselves count as the habit of a deployment for this long … */
  habitMemoryMs: 60_000,
  /** … from so many on: loops that compute for seconds are no outage, and their requests are left to them … */
  habitSilencesMin: 3,
  /** … for this many times the longest of them, at most `habitPatienceMsMax`. */
  habitFactor: 2,
  habitPatienceMsMax: 30_000,
  /** A caller may be ahead of its snapshot: an unknown deployment is waited for this long. */
  unknownDeploymentWaitMs: 5_000,
  /** A replica that is said to be dead is dialled again after this: its node may start it again, at the same address. */
  revivalDialMs: 500,
  /** Precision of request timeouts. */
  deadlineTickMs: 20,
} as const;

/** Dialling a replica that is in the snapshot and has no link. */
export const dialBackoff = { initialMs: 20, maxMs: 1_000, factor: 2 } as const;

/** A replica that failed again and again gets nothing for this long, then one request at a time until one is answered. */
export const avoidBackoff = { initialMs: 1_000, maxMs: 30_000, factor: 2 } as const;

/**
 * A replica that rejected is left alone this long, unless an answer of it says sooner that it has room. Short,
 * for a caller without a request there hears nothing else, and a rejection costs some ten microseconds.
 */
export const rejectBackoff = { initialMs: 5, maxMs: 100, factor: 2 } as const;
