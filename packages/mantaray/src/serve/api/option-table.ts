import type {
  AutoscalingOptions,
  DeploymentOptions,
  IdempotencyOptions,
  RayActorOptions,
} from "./deployment-options.ts";

/** One option: its name in the reference's config, its default, and the rule its values obey. */
export interface OptionRule {
  readonly key: string;
  /** Undefined: unset, and something else decides. */
  readonly default: unknown;
  /** In words, for the error. */
  readonly rule: string;
  readonly allows: (value: unknown) => boolean;
  /** Rules of the members, where the value is an object with fixed keys. */
  readonly members?: OptionTable;
}

/** Options by their camel-case names. */
export type OptionTable = Readonly<Record<string, OptionRule>>;

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const option = (
  key: string,
  defaultValue: unknown,
  rule: string,
  allows: (value: unknown) => boolean,
  members?: OptionTable,
): OptionRule => ({ key, default: defaultValue, rule, allows, ...(members === undefined ? {} : { members }) });

const atLeastZero = (key: string, defaultValue: number | undefined): OptionRule =>
  option(key, defaultValue, "must be a number of at least 0", (value) => isNumber(value) && value >= 0);
const aboveZero = (key: string, defaultValue: number | undefined): OptionRule =>
  option(key, defaultValue, "must be a number above 0", (value) => isNumber(value) && value > 0);
const wholeFrom = (key: string, defaultValue: number | undefined, min: number): OptionRule =>
  option(key, defaultValue, `must be a whole number of at least ${min}`, (value) => isInteger(value) && value >= min);
const objectOf = (key: string, members: OptionTable, defaultValue?: unknown): OptionRule =>
  option(key, defaultValue, "must be an object", isObject, members);

const aggregations = ["mean", "max", "min"];

const autoscalingTable = {
  minReplicas: wholeFrom("min_replicas", 1, 0),
  initialReplicas: wholeFrom("initial_replicas", undefined, 0),
  maxReplicas: wholeFrom("max_replicas", 1, 1),
  targetOngoingRequests: aboveZero("target_ongoing_requests", 2),
  lookBackPeriodS: aboveZero("look_back_period_s", 30),
  upscalingFactor: aboveZero("upscaling_factor", undefined),
  downscalingFactor: aboveZero("downscaling_factor", undefined),
  upscaleDelayS: atLeastZero("upscale_delay_s", 30),
  downscaleDelayS: atLeastZero("downscale_delay_s", 600),
  downscaleToZeroDelayS: atLeastZero("downscale_to_zero_delay_s", undefined),
  aggregationFunction: option("aggregation_function", "mean", `must be one of ${aggregations.join(", ")}`, (value) =>
    aggregations.includes(value as string),
  ),
} satisfies Record<keyof AutoscalingOptions, OptionRule>;

const flagOf = (key: string): OptionRule =>
  option(key, false, "must be true or false", (value) => typeof value === "boolean");
const wholeBetween = (key: string, defaultValue: number, min: number, max: number): OptionRule =>
  option(
    key,
    defaultValue,
    `must be a whole number from ${min} to ${max}`,
    (value) => isInteger(value) && value >= min && value <= max,
  );

const idempotencyTable = {
  ttlS: aboveZero("ttl_s", 86_400),
  maxResponseBytes: wholeBetween("max_response_bytes", 1024 * 1024, 0, 16 * 1024 * 1024),
  failOpen: flagOf("fail_open"),
} satisfies Record<keyof IdempotencyOptions, OptionRule>;

const stringRecord = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((entry) => typeof entry === "string");
const amountRecord = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((entry) => isNumber(entry) && entry >= 0);

const rayActorTable = {
  numCpus: atLeastZero("num_cpus", 1),
  numGpus: atLeastZero("num_gpus", 0),
  memory: atLeastZero("memory", undefined),
  resources: option("resources", {}, "must hold numbers of at least 0 by resource name", amountRecord),
  runtimeEnv: objectOf("runtime_env", {
    envVars: option("env_vars", {}, "must hold strings by variable name", stringRecord),
  }),
} satisfies Record<keyof RayActorOptions, OptionRule>;

/**
 * Every option of a deployment: its name in code, its name in the reference's config (DeploymentSchema),
 * default and rule. The last three are not in the reference.
 */
export const deploymentOptionTable = {
  name: option(
    "name",
    undefined,
    "must be a string of at least one character without '#'",
    (value) => typeof value === "string" && value !== "" && !value.includes("#"),
  ),
  numReplicas: option(
    "num_replicas",
    1,
    'must be a whole number of at least 1, or "auto"',
    (value) => value === "auto" || (isInteger(value) && value >= 1),
  ),
  maxOngoingRequests: wholeFrom("max_ongoing_requests", 5, 1),
  maxQueuedRequests: option(
    "max_queued_requests",
    -1,
    "must be -1 (no limit) or a whole number of at least 1",
    (value) => value === -1 || (isInteger(value) && value >= 1),
  ),
  userConfig: option("user_config", undefined, "must be JSON", (value) => isJson(value)),
  autoscalingConfig: objectOf("autoscaling_config", autoscalingTable),
  gracefulShutdownWaitLoopS: atLeastZero("graceful_shutdown_wait_loop_s", 2),
  gracefulShutdownTimeoutS: atLeastZero("graceful_shutdown_timeout_s", 20),
  healthCheckPeriodS: aboveZero("health_check_period_s", 10),
  healthCheckTimeoutS: aboveZero("health_check_timeout_s", 30),
  rayActorOptions: objectOf("ray_actor_options", rayActorTable, { num_cpus: 1 }),
  maxReplicasPerNode: option(
    "max_replicas_per_node",
    undefined,
    "must be a whole number from 1 to 100",
    (value) => isInteger(value) && value >= 1 && value <= 100,
  ),
  retryNonIdempotent: flagOf("retry_non_idempotent"),
  maxReplayBodyBytes: wholeBetween("max_replay_body_bytes", 1024 * 1024, 0, 64 * 1024 * 1024),
  idempotencyConfig: objectOf("idempotency_config", idempotencyTable),
} satisfies Record<keyof DeploymentOptions, OptionRule>;

const isJson = (value: unknown): boolean => {
  if (value === null || typeof value === "string" || typeof value === "boolean" || isNumber(value)) return true;
  if (Array.isArray(value)) return value.every(isJson);
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
};
