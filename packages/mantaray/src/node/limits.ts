/**
 * Limits of the node agent, each with its reason. `limits.test.ts` asserts how they relate.
 */
export const nodeLimits = {
  /** Workers started ahead of need: one for a replica, one for a proxy or controller. */
  idleWorkersDefault: 2,
  /** More idle processes than this only cost memory. */
  idleWorkersMax: 64,
  /** Workers that start and wait are so much nicer than actors: a tenth of a busy core, all of one that is free. */
  idleNiceDefault: 10,
  idleNiceMax: 19,
  /** Quiet time after an actor took a worker before the pool is refilled: its start has the CPU first. */
  poolRefillDelayMs: 250,
  /** A worker that has not registered by then is stuck; generous, for a machine under full load. */
  workerRegisterTimeoutMs: 60_000,
  /** A constructor may load for long (a model); whoever wants less kills the actor. */
  hostActorTimeoutMs: 24 * 3_600_000,
  /** While its constructor runs, a worker's loop may be busy this long: model loading blocks. */
  startingWatchdogTimeoutMs: 600_000,
  /** Ping period of the watchdog. */
  watchdogPeriodMs: 1_000,
  /** An unanswered worker is killed only after this many pings were really sent. */
  watchdogMissesMin: 3,
  /** Unanswered pings kept open to one worker: more say nothing new. */
  watchdogPingsMax: 64,
  /** Ladder: beyond the grace, for the message and the exit itself to get through. */
  ladderSlackMs: 500,
  /** Ladder: from SIGTERM to SIGKILL. */
  ladderTermMs: 2_000,
  /** Ladder: a process in uninterruptible sleep cannot be waited for longer than this. */
  ladderKillMs: 5_000,
  /** A leave on SIGTERM, all of it: below the 30 s that a pod has by default. `MANTA_DRAIN_TIMEOUT_S`. */
  drainTimeoutS: 25,
  /** Share of a leave that is kept for the ordered stop; of a shorter one, this part. */
  drainStopMs: 10_000,
  drainStopPart: 0.4,
  /** How often a leaving node looks whether its replicas have moved away. */
  drainLookMs: 50,
  /** Time in which load balancers see that a leaving node is not ready, before its proxies take no more. */
  lameDuckMs: 2_000,
  /** Telling a proxy of its own node that it drains. */
  proxyCallTimeoutMs: 1_000,
  /** All of an ordered stop. Below the 16 s of `stop` and the 30 s of a pod. */
  shutdownMs: 14_000,
  /** Share of `shutdownMs` for each last step: unregister, API server, control store. */
  shutdownStepMs: 1_500,
  /** A listening socket without a process: as long as a proxy needs to come back, with some tries. */
  keptSocketMs: 10_000,
  /** A process that takes over from one that leaves: start and constructor, on a loaded machine. */
  handOverTimeoutMs: 15_000,
  /** A process that has handed over may serve what it has for so long at most. */
  handedOverMsMax: 600_000,
  /** A broken worker link without an exit: the worker is leaving by itself; after this it is killed. */
  lostLinkGraceMs: 6_000,
  /** From an agent's death to the guard's SIGKILL: beyond the time in which workers leave by themselves. */
  guardDelayMs: 4_000,
  /** A started control store says so on its standard output; how often a head looks, and for how long. */
  gcsLookMs: 10,
  gcsLookMaxMs: 3_000,
  /** A spare of a program is started this long after the program: what makes a node ready comes first. */
  spareDelayMs: 2_000,
  /** Crash loop: more exits than this within `crashPeriodMs` and restarts are delayed. */
  crashIntensity: 5,
  crashPeriodMs: 10_000,
  /** Delays between restarts in a crash loop. */
  crashBackoffInitialMs: 200,
  crashBackoffMaxMs: 5_000,
  /** Heartbeats unanswered in a row until the link counts as broken and is dialled anew. */
  heartbeatMissesMax: 4,
  /** Control stores that a node remembers: a cluster has a handful. */
  gcsAddressesMax: 16,
  /** Asking one address whether it leads: less than an answer takes from a machine that is alive. */
  leaderLookTimeoutMs: 1_000,
  /** First question on a new link; who does not answer it hangs. */
  firstPingTimeoutMs: 2_000,
  /** One call to the control store. */
  gcsCallTimeoutMs: 5_000,
  /** Registration carries the inventory and may have to wait for the store's recovery. */
  registerTimeoutMs: 15_000,
  /** Delay before reports to the control store are tried again. */
  reportRetryMs: 250,
  /** A control store or API server that has served and is silent for this long is killed and started again. */
  programWatchdogTimeoutMs: 10_000,
  /** A ping must outlast that, or its failure would look like an answer that is not awaited. */
  programPingTimeoutMs: 15_000,
  /** How soon a starting node sees that the cluster does not take its token. */
  firstLookMs: 1_000,
  /**
   * Actors that end while no control store hears of it: this many restarts at once, then with growing pauses; a
   * life of a whole period is healthy and begins anew.
   */
  repairIntensity: 3,
  repairPeriodMs: 10_000,
  repairInitialMs: 1_000,
  repairMaxMs: 30_000,
  /** While the control store seems to be there it decides: how often is looked whether it really is. */
  repairLookMs: 500,
  /** Requests at an actor that nobody wants any more, after a node was cut off, may take this long: as for strays. */
  unwantedGraceMs: 5_000,
  /** Reports kept while the control store is away; the inventory is the truth anyway. */
  reportsMax: 4_096,
  /** Bundles kept on disk. */
  bundlesMax: 128,
  bundleBytesMax: 2 * 1024 * 1024 * 1024,
  bundleFetchTimeoutMs: 60_000,
  /** One log file; beyond it the file is copied to `.1` and emptied. */
  logFileBytesMax: 64 * 1024 * 1024,
  /** Files in the log folder: the oldest of ended processes go first. */
  logFilesMax: 400,
  logSweepPeriodMs: 15_000,
  /** Health endpoint: probes are small and quick, whoever is not is cut. */
  healthConnectionsMax: 64,
  healthHeaderBytesMax: 8 * 1024,
  healthRequestTimeoutMs: 5_000,
  /** `ready` of a spawned node: first registration, on a loaded machine. */
  nodeReadyTimeoutMs: 60_000,
  /** Longest path of a unix socket (the kernel's limit is 108 with its terminator). */
  socketPathBytesMax: 100,
} as const;
