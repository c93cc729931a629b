import { z } from "zod";
import { configLimits } from "./limits.ts";
import {
  autoscalingConfigSchema,
  backpressureConfigSchema,
  idempotencyConfigSchema,
  loggingConfigSchema,
  maxQueuedRequestsSchema,
  rayActorOptionsSchema,
  requestRouterConfigSchema,
} from "./option-schemas.ts";
import {
  closedObject,
  flag,
  fraction,
  intBetween,
  naturalInt,
  nonEmptyText,
  nonNegative,
  notYet,
  positive,
  positiveInt,
} from "./rules.ts";

const replicaCountText = `must be a whole number from 1 to ${configLimits.replicasMax}, "auto" or null`;

/** The options of a deployment, all optional: unset means "keep what the code says". */
const deploymentOptionShape = {
  num_replicas: z
    .custom<number | "auto" | null>(
      (value) =>
        value === "auto" ||
        value === null ||
        (Number.isInteger(value) && (value as number) > 0 && (value as number) <= configLimits.replicasMax),
      { error: replicaCountText },
    )
    .optional(),
  max_ongoing_requests: positiveInt.optional(),
  max_queued_requests: maxQueuedRequestsSchema.optional(),
  backpressure_config: backpressureConfigSchema.nullish(),
  user_config: z.unknown().optional(),
  autoscaling_config: autoscalingConfigSchema.nullish(),
  graceful_shutdown_wait_loop_s: nonNegative.optional(),
  graceful_shutdown_timeout_s: nonNegative.optional(),
  health_check_period_s: positive.optional(),
  health_check_timeout_s: positive.optional(),
  ray_actor_options: rayActorOptionsSchema.nullish(),
  placement_group_bundles: notYet("placement_group_bundles"),
  placement_group_strategy: notYet("placement_group_strategy"),
  placement_group_bundle_label_selector: notYet("placement_group_bundle_label_selector"),
  max_replicas_per_node: intBetween(1, 100).nullish(),
  logging_config: loggingConfigSchema.nullish(),
  request_router_config: requestRouterConfigSchema.nullish(),
  gang_scheduling_config: notYet("gang_scheduling_config"),
  deployment_actors: notYet("deployment_actors"),
  rolling_update_percentage: fraction.optional(),
  max_constructor_retry_count: naturalInt.optional(),
  /** Not in the reference: POSTs of the deployment may be repeated after its replica died (DESIGN section 8). */
  retry_non_idempotent: flag.optional(),
  /** Not in the reference: bytes of a request's body that are kept for another replica. */
  max_replay_body_bytes: intBetween(0, configLimits.replayBodyBytesMax).optional(),
  /** Not in the reference: requests with an Idempotency-Key run once. */
  idempotency_config: idempotencyConfigSchema.nullish(),
} as const;

interface ReplicaCounts {
  readonly num_replicas?: number | "auto" | null | undefined;
  readonly autoscaling_config?: unknown;
}

const refuseTwoReplicaCounts = (value: ReplicaCounts, context: z.RefinementCtx): void => {
  if (typeof value.num_replicas === "number" && (value.autoscaling_config ?? null) !== null) {
    context.addIssue({
      code: "custom",
      path: ["num_replicas"],
      message: 'must be "auto" or unset where autoscaling_config is given',
      input: value.num_replicas,
    });
  }
};

/** One entry of `deployments` (reference section 1.3). */
export const deploymentSchema = closedObject({ name: nonEmptyText, ...deploymentOptionShape }).superRefine(
  refuseTwoReplicaCounts,
);
export type DeploymentConfig = z.infer<typeof deploymentSchema>;

/** The options of a deployment as application code gives them: the same, without a name. */
export const codeOptionsSchema = closedObject(deploymentOptionShape).superRefine(refuseTwoReplicaCounts);
export type CodeOptions = z.infer<typeof codeOptionsSchema>;
