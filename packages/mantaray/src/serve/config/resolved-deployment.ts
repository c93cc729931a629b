import { limits } from "../../base/limits.ts";
import type { CodeOptions, DeploymentConfig } from "./deployment-schema.ts";
import { type AutoscalingConfig, defaultRouterClass, type LoggingConfig } from "./option-schemas.ts";

/** Autoscaling of a deployment with every field present (reference section 1.4). */
export interface ResolvedAutoscaling {
  readonly min_replicas: number;
  readonly initial_replicas: number | null;
  readonly max_replicas: number;
  readonly target_ongoing_requests: number;
  readonly metrics_interval_s: number;
  readonly look_back_period_s: number;
  readonly upscaling_factor: number;
  readonly downscaling_factor: number;
  readonly upscale_delay_s: number;
  readonly downscale_delay_s: number;
  readonly downscale_to_zero_delay_s: number;
  readonly aggregation_function: "mean" | "max" | "min";
}

/** What one replica reserves. */
export interface ResolvedActorOptions {
  readonly num_cpus: number;
  readonly num_gpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly resources: Readonly<Record<string, number>>;
  /** Only `env_vars` has an effect: the application's, then the deployment's own. */
  readonly runtime_env: { readonly env_vars?: Readonly<Record<string, string>> };
}

export interface ResolvedRouterConfig {
  readonly request_router_class: string;
  readonly request_router_kwargs: Readonly<Record<string, unknown>>;
  readonly request_routing_stats_period_s: number;
  readonly request_routing_stats_timeout_s: number;
  readonly initial_backoff_s: number;
  readonly backoff_multiplier: number;
  readonly max_backoff_s: number;
}

/** Options of a deployment, every one present: what the controller runs and what details show. */
export interface ResolvedDeployment {
  readonly name: string;
  /** Of a deployment that scales itself: how many it starts with. */
  readonly num_replicas: number;
  readonly max_ongoing_requests: number;
  readonly max_queued_requests: number;
  readonly backpressure_config: { readonly status_code: number; readonly retry_after_s: number | null } | null;
  readonly user_config: unknown;
  readonly autoscaling_config: ResolvedAutoscaling | null;
  readonly graceful_shutdown_wait_loop_s: number;
  readonly graceful_shutdown_timeout_s: number;
  readonly health_check_period_s: number;
  readonly health_check_timeout_s: number;
  readonly ray_actor_options: ResolvedActorOptions;
  readonly max_replicas_per_node: number | null;
  readonly logging_config: LoggingConfig;
  readonly request_router_config: ResolvedRouterConfig;
  readonly rolling_update_percentage: number;
  readonly max_constructor_retry_count: number;
  readonly retry_non_idempotent: boolean;
  readonly max_replay_body_bytes: number;
  readonly idempotency_config: ResolvedIdempotency | null;
}

/** How requests with an Idempotency-Key are run once. */
export interface ResolvedIdempotency {
  readonly ttl_s: number;
  readonly max_response_bytes: number;
  readonly fail_open: boolean;
}

/** The parts that options come from, weakest first. */
export interface DeploymentSources {
  /** Defaults of the application. */
  readonly appDefaults?:
    | {
        readonly logging_config?: LoggingConfig | null | undefined;
        readonly env_vars?: Readonly<Record<string, string>> | undefined;
      }
    | undefined;
  /** What the code says. */
  readonly code: CodeOptions;
  /** What the config says. */
  readonly override?: DeploymentConfig | undefined;
}

/** Merges config over code over defaults into a frozen whole. A field set to null in the config counts as given. */
export const resolveDeployment = (name: string, sources: DeploymentSources): ResolvedDeployment => {
  const merged = merge(sources.code, sources.override);
  const autoscaling = resolveAutoscaling(merged.num_replicas, merged.autoscaling_config ?? null);
  const backpressure = merged.backpressure_config ?? null;
  return deepFreeze({
    name,
    num_replicas: startCount(merged.num_replicas, autoscaling),
    max_ongoing_requests: merged.max_ongoing_requests ?? 5,
    max_queued_requests: merged.max_queued_requests ?? -1,
    backpressure_config:
      backpressure === null
        ? null
        : { status_code: backpressure.status_code ?? 503, retry_after_s: backpressure.retry_after_s ?? null },
    user_config: merged.user_config ?? null,
    autoscaling_config: autoscaling,
    graceful_shutdown_wait_loop_s: merged.graceful_shutdown_wait_loop_s ?? 2,
    graceful_shutdown_timeout_s: merged.graceful_shutdown_timeout_s ?? 20,
    health_check_period_s: merged.health_check_period_s ?? 10,
    health_check_timeout_s: merged.health_check_timeout_s ?? 30,
    ray_actor_options: resolveActorOptions(merged.ray_actor_options, sources.appDefaults?.env_vars),
    max_replicas_per_node: merged.max_replicas_per_node ?? null,
    logging_config: merged.logging_config ?? sources.appDefaults?.logging_config ?? {},
    request_router_config: resolveRouter(merged.request_router_config),
    rolling_update_percentage: merged.rolling_update_percentage ?? 0.2,
    max_constructor_retry_count: merged.max_constructor_retry_count ?? 20,
    retry_non_idempotent: merged.retry_non_idempotent ?? false,
    max_replay_body_bytes: merged.max_replay_body_bytes ?? limits.replayBodyBytesMax,
    idempotency_config: resolveIdempotency(merged.idempotency_config ?? null),
  });
};

const resolveIdempotency = (
  given: NonNullable<CodeOptions["idempotency_config"]> | null,
): ResolvedIdempotency | null =>
  given === null
    ? null
    : {
        ttl_s: given.ttl_s ?? 86_400,
        max_response_bytes: given.max_response_bytes ?? 1024 * 1024,
        fail_open: given.fail_open ?? false,
      };

const merge = (code: CodeOptions, override: DeploymentConfig | undefined): CodeOptions => {
  if (override === undefined) return code;
  const { name: _name, ...given } = override;
  const merged: CodeOptions = { ...code, ...dropUnset(given) };
  // A fixed count and autoscaling exclude one another: the one given later counts.
  if (typeof given.num_replicas === "number") merged.autoscaling_config = null;
  if ((given.autoscaling_config ?? null) !== null && given.num_replicas === undefined) merged.num_replicas = null;
  return merged;
};

const dropUnset = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Partial<T>;

const startCount = (given: CodeOptions["num_replicas"], autoscaling: ResolvedAutoscaling | null): number => {
  if (autoscaling !== null) return autoscaling.initial_replicas ?? autoscaling.min_replicas;
  return typeof given === "number" ? given : 1;
};

const resolveAutoscaling = (
  given: CodeOptions["num_replicas"],
  config: AutoscalingConfig | null,
): ResolvedAutoscaling | null => {
  if (config === null && given !== "auto") return null;
  const options: AutoscalingConfig = config ?? {};
  const low = options.min_replicas ?? 1;
  const gain = options.smoothing_factor ?? 1;
  const downscaleDelayS = options.downscale_delay_s ?? 600;
  return {
    min_replicas: low,
    initial_replicas: options.initial_replicas ?? null,
    max_replicas: options.max_replicas ?? (given === "auto" ? 100 : Math.max(1, low)),
    target_ongoing_requests: options.target_ongoing_requests ?? 2,
    metrics_interval_s: options.metrics_interval_s ?? 10,
    look_back_period_s: options.look_back_period_s ?? 30,
    upscaling_factor: options.upscaling_factor ?? options.upscale_smoothing_factor ?? gain,
    downscaling_factor: options.downscaling_factor ?? options.downscale_smoothing_factor ?? gain,
    upscale_delay_s: options.upscale_delay_s ?? 30,
    downscale_delay_s: downscaleDelayS,
    downscale_to_zero_delay_s: options.downscale_to_zero_delay_s ?? downscaleDelayS,
    aggregation_function: options.aggregation_function ?? "mean",
  };
};

const resolveActorOptions = (
  given: CodeOptions["ray_actor_options"],
  appEnvVars: Readonly<Record<string, string>> | undefined,
): ResolvedActorOptions => {
  const envVars = { ...appEnvVars, ...given?.runtime_env?.env_vars };
  return {
    num_cpus: given?.num_cpus ?? 1,
    num_gpus: given?.num_gpus ?? 0,
    memory: given?.memory ?? 0,
    resources: given?.resources ?? {},
    runtime_env: Object.keys(envVars).length === 0 ? {} : { env_vars: envVars },
  };
};

const resolveRouter = (given: CodeOptions["request_router_config"]): ResolvedRouterConfig => ({
  request_router_class: given?.request_router_class ?? defaultRouterClass,
  request_router_kwargs: {},
  request_routing_stats_period_s: given?.request_routing_stats_period_s ?? 10,
  request_routing_stats_timeout_s: given?.request_routing_stats_timeout_s ?? 30,
  initial_backoff_s: given?.initial_backoff_s ?? 0.025,
  backoff_multiplier: given?.backoff_multiplier ?? 2,
  max_backoff_s: given?.max_backoff_s ?? 0.5,
});

const deepFreeze = <T>(value: T): T => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) deepFreeze(field);
  }
  return value;
};
