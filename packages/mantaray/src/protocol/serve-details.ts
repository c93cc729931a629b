import { z } from "zod";

/**
 * `ServeInstanceDetails`, the answer of `GET /api/serve/applications/`, to the letter of the reference
 * (sections 1.5 and 1.6). Names are the reference's own; unset fields are absent.
 */
export const applicationStatusSchema = z.enum([
  "NOT_STARTED",
  "DEPLOYING",
  "DEPLOY_FAILED",
  "RUNNING",
  "UNHEALTHY",
  "DELETING",
]);
export type ApplicationStatus = z.infer<typeof applicationStatusSchema>;

export const deploymentStatusSchema = z.enum([
  "DEPLOY_FAILED",
  "UNHEALTHY",
  "UPDATING",
  "UPSCALING",
  "DOWNSCALING",
  "HEALTHY",
]);
export type DeploymentStatus = z.infer<typeof deploymentStatusSchema>;

/** Why a deployment has its status. */
export const statusTriggerSchema = z.enum([
  "UNSPECIFIED",
  "CONFIG_UPDATE_STARTED",
  "CONFIG_UPDATE_COMPLETED",
  "UPSCALE_COMPLETED",
  "DOWNSCALE_COMPLETED",
  "AUTOSCALING",
  "REPLICA_STARTUP_FAILED",
  "HEALTH_CHECK_FAILED",
  "INTERNAL_ERROR",
  "DELETING",
]);
export type StatusTrigger = z.infer<typeof statusTriggerSchema>;

/** STOPPED appears only among the dead. */
export const replicaStateSchema = z.enum([
  "STARTING",
  "UPDATING",
  "RECOVERING",
  "RUNNING",
  "STOPPING",
  "PENDING_MIGRATION",
  "STOPPED",
]);
export type ReplicaState = z.infer<typeof replicaStateSchema>;

export const proxyStatusSchema = z.enum(["STARTING", "HEALTHY", "UNHEALTHY", "DRAINING", "DRAINED"]);
export type ProxyStatus = z.infer<typeof proxyStatusSchema>;

/** What is known of a process of Serve. */
export const actorDetailsSchema = z.object({
  node_id: z.string().nullable(),
  node_ip: z.string().nullable(),
  node_instance_id: z.string().nullable(),
  actor_id: z.string().nullable(),
  actor_name: z.string().nullable(),
  worker_id: z.string().nullable(),
  /** Relative to the log folder of its node. */
  log_file_path: z.string().nullable(),
});
export type ActorDetails = z.infer<typeof actorDetailsSchema>;

export const proxyDetailsSchema = actorDetailsSchema.extend({ status: proxyStatusSchema });
export type ProxyDetails = z.infer<typeof proxyDetailsSchema>;

export const replicaDetailsSchema = actorDetailsSchema.extend({
  replica_id: z.string(),
  state: replicaStateSchema,
  pid: z.number().int().nullable(),
  /** Unix time, seconds. */
  start_time_s: z.number(),
});
export type ReplicaDetails = z.infer<typeof replicaDetailsSchema>;

export const deploymentDetailsSchema = z.object({
  name: z.string(),
  status: deploymentStatusSchema,
  status_trigger: statusTriggerSchema,
  message: z.string(),
  /** Every option, defaults included. */
  deployment_config: z.record(z.string(), z.unknown()),
  target_num_replicas: z.number().int(),
  required_resources: z.record(z.string(), z.number()),
  replicas: z.array(replicaDetailsSchema),
  /** The newest first, at most `RAY_SERVE_RETAINED_DEAD_REPLICAS`. */
  recent_dead_replicas: z.array(replicaDetailsSchema).optional(),
});
export type DeploymentDetails = z.infer<typeof deploymentDetailsSchema>;

export const deploymentTopologySchema = z.object({
  app_name: z.string(),
  ingress_deployment: z.string(),
  nodes: z.record(
    z.string(),
    z.object({
      name: z.string(),
      app_name: z.string(),
      outbound_deployments: z.array(z.object({ name: z.string(), app_name: z.string() })),
      is_ingress: z.boolean(),
    }),
  ),
});

export const applicationDetailsSchema = z.object({
  name: z.string(),
  route_prefix: z.string().nullable(),
  docs_path: z.string().nullable(),
  status: applicationStatusSchema,
  message: z.string(),
  /** Unix time, seconds. */
  last_deployed_time_s: z.number(),
  /** Exactly what was submitted. */
  deployed_app_config: z.record(z.string(), z.unknown()).nullable(),
  source: z.enum(["unknown", "imperative", "declarative"]),
  deployments: z.record(z.string(), deploymentDetailsSchema),
  external_scaler_enabled: z.boolean(),
  deployment_topology: deploymentTopologySchema.nullable(),
});
export type ApplicationDetails = z.infer<typeof applicationDetailsSchema>;

export const targetGroupSchema = z.object({
  targets: z.array(z.object({ ip: z.string(), port: z.number().int(), instance_id: z.string(), name: z.string() })),
  route_prefix: z.string(),
  protocol: z.enum(["HTTP", "gRPC"]),
  app_name: z.string(),
});

/** The whole instance. Without Serve running it is `emptyServeDetails`. */
export const serveDetailsSchema = z.object({
  controller_info: actorDetailsSchema.partial(),
  proxy_location: z.enum(["Disabled", "HeadOnly", "EveryNode"]).optional(),
  http_options: z.record(z.string(), z.unknown()).optional(),
  grpc_options: z.record(z.string(), z.unknown()).optional(),
  proxies: z.record(z.string(), proxyDetailsSchema),
  applications: z.record(z.string(), applicationDetailsSchema),
  target_capacity: z.number().nullable(),
  target_groups: z.array(targetGroupSchema).optional(),
  /** Ours: what the state above cannot say, for people. Present only while replicas serve that no checkpoint knows. */
  notice: z.string().optional(),
});
export type ServeDetails = z.infer<typeof serveDetailsSchema>;

/** What the API server answers while there is no controller (reference section 1.5). */
export const emptyServeDetails: ServeDetails = {
  controller_info: {},
  proxies: {},
  applications: {},
  target_capacity: null,
};
