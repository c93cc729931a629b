/** Resources of one replica. */
export interface RayActorOptions {
  /** Default 1. */
  readonly numCpus?: number;
  /** Default 0. */
  readonly numGpus?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Custom resources by name. */
  readonly resources?: Readonly<Record<string, number>>;
  readonly runtimeEnv?: { readonly envVars?: Readonly<Record<string, string>> };
}

/** How the number of replicas follows the load. */
export interface AutoscalingOptions {
  /** Default 1; 0 scales to zero. */
  readonly minReplicas?: number;
  /** Only for the first deploy. */
  readonly initialReplicas?: number;
  /** Default 1. */
  readonly maxReplicas?: number;
  /** Requests per replica to aim at. Default 2. */
  readonly targetOngoingRequests?: number;
  /** Default 30. */
  readonly lookBackPeriodS?: number;
  readonly upscalingFactor?: number;
  readonly downscalingFactor?: number;
  /** Default 30. */
  readonly upscaleDelayS?: number;
  /** Default 600. */
  readonly downscaleDelayS?: number;
  /** The last step to zero. Default `downscaleDelayS`. */
  readonly downscaleToZeroDelayS?: number;
  /** Default `mean`. */
  readonly aggregationFunction?: "mean" | "max" | "min";
}

/** How requests with an `Idempotency-Key` are run once. */
export interface IdempotencyOptions {
  /** How long an answer is kept. Default 86,400. */
  readonly ttlS?: number;
  /** A longer answer is not kept. Default 1 MiB. */
  readonly maxResponseBytes?: number;
  /** Without the store: run all the same instead of answering 503. Default false. */
  readonly failOpen?: boolean;
}

/**
 * Options of a deployment. What is left out keeps its default, and a config file may override each. Names
 * and defaults are the reference's (DeploymentSchema), in camel case; the last three are ours.
 */
export interface DeploymentOptions<UserConfig = unknown> {
  /** Default: the name of the class or function. Unique in its application. */
  readonly name?: string;
  /** Default 1. `auto` scales between 1 and 100. */
  readonly numReplicas?: number | "auto";
  /** Requests one replica works on at once. Default 5. */
  readonly maxOngoingRequests?: number;
  /** Requests that may wait at each caller; -1 (default) for no limit of the user's. */
  readonly maxQueuedRequests?: number;
  /** Passed to `reconfigure`, at start and whenever it changes. */
  readonly userConfig?: UserConfig;
  readonly autoscalingConfig?: AutoscalingOptions;
  /** Default 2. */
  readonly gracefulShutdownWaitLoopS?: number;
  /** Default 20. */
  readonly gracefulShutdownTimeoutS?: number;
  /** Default 10. */
  readonly healthCheckPeriodS?: number;
  /** Default 30. */
  readonly healthCheckTimeoutS?: number;
  readonly rayActorOptions?: RayActorOptions;
  /** 1 to 100. Default: no limit. */
  readonly maxReplicasPerNode?: number;
  /** Requests that change something may be repeated after a replica died with them. Default false. */
  readonly retryNonIdempotent?: boolean;
  /** Bytes of a request's body that are kept for another replica; a longer one is not repeated. Default 1 MiB. */
  readonly maxReplayBodyBytes?: number;
  /** POST and PATCH with an `Idempotency-Key` run once, and their answers are kept. Default: off. */
  readonly idempotencyConfig?: IdempotencyOptions;
}
