import { z } from "zod";
import { configLimits } from "./limits.ts";
import {
  closedObject,
  flag,
  intBetween,
  naturalInt,
  nonEmptyText,
  nonNegative,
  notYet,
  oneOf,
  port,
  positive,
  positiveInt,
  text,
} from "./rules.ts";
import { deploymentRuntimeEnvSchema } from "./runtime-env-schema.ts";

/** `http_options`: cluster-wide, fixed once Serve runs. */
export const httpOptionsSchema = closedObject({
  host: text.nullish(),
  port: port.optional(),
  root_path: text.optional(),
  request_timeout_s: positive.nullish(),
  keep_alive_timeout_s: positive.optional(),
  ssl_keyfile: notYet("TLS at the proxy"),
  ssl_certfile: notYet("TLS at the proxy"),
  ssl_keyfile_password: notYet("TLS at the proxy"),
  ssl_ca_certs: notYet("TLS at the proxy"),
});
export type HttpOptions = z.infer<typeof httpOptionsSchema>;

/** `grpc_options`: the proxy for gRPC does not exist yet, so only what starts none is accepted. */
export const grpcOptionsSchema = closedObject({
  port: port.optional(),
  grpc_servicer_functions: notYet("the gRPC proxy"),
  request_timeout_s: positive.nullish(),
  enable_reflection: flag.optional(),
});
export type GrpcOptions = z.infer<typeof grpcOptionsSchema>;

/** `logging_config` of the system, an app or a deployment. */
export const loggingConfigSchema = closedObject({
  encoding: oneOf(["TEXT", "JSON"]).optional(),
  log_level: z.union([text, naturalInt], { error: "must be the name of a level or its number" }).optional(),
  logs_dir: text.nullish(),
  enable_access_log: flag.optional(),
  additional_log_standard_attrs: z.array(text, { error: "must be a list" }).optional(),
});
export type LoggingConfig = z.infer<typeof loggingConfigSchema>;

/** `autoscaling_config` of a deployment. */
export const autoscalingConfigSchema = closedObject({
  min_replicas: naturalInt.optional(),
  initial_replicas: naturalInt.nullish(),
  max_replicas: positiveInt.optional(),
  target_ongoing_requests: positive.optional(),
  metrics_interval_s: positive.optional(),
  look_back_period_s: positive.optional(),
  smoothing_factor: positive.optional(),
  upscale_smoothing_factor: positive.nullish(),
  downscale_smoothing_factor: positive.nullish(),
  upscaling_factor: positive.nullish(),
  downscaling_factor: positive.nullish(),
  upscale_delay_s: nonNegative.optional(),
  downscale_delay_s: nonNegative.optional(),
  downscale_to_zero_delay_s: nonNegative.nullish(),
  aggregation_function: oneOf(["mean", "max", "min"]).optional(),
  policy: notYet("a custom autoscaling policy"),
}).superRefine((config, context) => {
  const low = config.min_replicas ?? 1;
  const high = config.max_replicas ?? Math.max(1, low);
  if (config.max_replicas !== undefined && config.max_replicas < low) {
    context.addIssue({
      code: "custom",
      path: ["max_replicas"],
      message: `must be at least min_replicas (${low})`,
      input: config.max_replicas,
    });
  }
  const initial = config.initial_replicas ?? low;
  if (high >= low && (initial < low || initial > high)) {
    context.addIssue({
      code: "custom",
      path: ["initial_replicas"],
      message: `must lie between min_replicas (${low}) and max_replicas (${high})`,
      input: initial,
    });
  }
});
export type AutoscalingConfig = z.infer<typeof autoscalingConfigSchema>;

/** The only router so far, by the reference's name of it. */
export const defaultRouterClass = "ray.serve._private.request_router:PowerOfTwoChoicesRequestRouter";

/** `request_router_config` of a deployment. */
export const requestRouterConfigSchema = closedObject({
  request_router_class: z
    .literal(defaultRouterClass, {
      error: `must be ${JSON.stringify(defaultRouterClass)}: others are not supported yet`,
    })
    .optional(),
  request_router_kwargs: notYet("arguments of a custom router"),
  request_routing_stats_period_s: positive.optional(),
  request_routing_stats_timeout_s: positive.optional(),
  initial_backoff_s: nonNegative.optional(),
  backoff_multiplier: positive.optional(),
  max_backoff_s: nonNegative.optional(),
});
export type RequestRouterConfig = z.infer<typeof requestRouterConfigSchema>;

/** `backpressure_config` of a deployment. */
export const backpressureConfigSchema = closedObject({
  status_code: z.union([z.literal(503), z.literal(429)], { error: "must be 503 or 429" }).optional(),
  retry_after_s: nonNegative.nullish(),
});

/** `idempotency_config` of a deployment: ours, the reference has none. */
export const idempotencyConfigSchema = closedObject({
  ttl_s: positive.optional(),
  max_response_bytes: intBetween(0, configLimits.recordedResponseBytesMax).optional(),
  fail_open: flag.optional(),
});

/** `ray_actor_options` of a deployment: what one replica reserves. */
export const rayActorOptionsSchema = closedObject({
  runtime_env: deploymentRuntimeEnvSchema.nullish(),
  num_cpus: nonNegative.nullish(),
  num_gpus: nonNegative.nullish(),
  memory: nonNegative.nullish(),
  resources: z.record(nonEmptyText, nonNegative, { error: "must be a map" }).optional(),
  accelerator_type: notYet("accelerator_type"),
  label_selector: notYet("label_selector"),
  fallback_strategy: notYet("fallback_strategy"),
});
export type RayActorOptions = z.infer<typeof rayActorOptionsSchema>;

/** `max_queued_requests`: -1 (no limit) or at least 1. */
export const maxQueuedRequestsSchema: z.ZodNumber = z
  .number({ error: "must be -1 (no limit) or a whole number above 0" })
  .refine((n) => n === -1 || (Number.isInteger(n) && n > 0), {
    error: "must be -1 (no limit) or a whole number above 0",
  });
