import { z } from "zod";
import { linkAddressesSchema } from "./actor.ts";
import { actorIdSchema, nodeIdSchema } from "./ids.ts";

/** One replica that may get requests. */
export const routingReplicaSchema = z.object({
  /** Full id, `SERVE_REPLICA::<app>#<deployment>#<suffix>`. */
  replicaId: z.string(),
  actorId: actorIdSchema,
  nodeId: nodeIdSchema,
  addresses: linkAddressesSchema,
});
export type RoutingReplica = z.infer<typeof routingReplicaSchema>;

/** One deployment and where its replicas are. */
export const routingDeploymentSchema = z.object({
  app: z.string(),
  deployment: z.string(),
  /** False after DEPLOY_FAILED: callers get `deployment_unavailable` instead of waiting. */
  available: z.boolean(),
  maxOngoingRequests: z.number().int().positive(),
  /** Per caller; -1 unlimited by the user (a proxy's own bound still holds). */
  maxQueuedRequests: z.number().int(),
  /** The deployment says its POSTs may be repeated (DESIGN section 8). */
  retryNonIdempotent: z.boolean(),
  /** Bytes of a request's body that a caller keeps for another replica. Default `limits.replayBodyBytesMax`. */
  replayBodyBytesMax: z.number().int().nonnegative().optional(),
  /** Its POSTs and PATCHes that carry an `Idempotency-Key` run once: the answer is kept (serve/replica/idempotency). */
  idempotency: z
    .object({
      ttlMs: z.number().positive(),
      /** A longer answer is not kept. */
      responseBytesMax: z.number().int().nonnegative(),
      /** Without the store: run all the same instead of 503. */
      failOpen: z.boolean(),
    })
    .optional(),
  /** What a caller's full queue is answered with. Default 503 after 1 s. */
  backpressure: z
    .object({ status: z.union([z.literal(503), z.literal(429)]), retryAfterS: z.number().nonnegative().nullable() })
    .optional(),
  replicas: z.array(routingReplicaSchema),
});
export type RoutingDeployment = z.infer<typeof routingDeploymentSchema>;

/** `<app>#<deployment>`: the key of a deployment in the snapshot. */
export const deploymentKey = (app: string, deployment: string): string => `${app}#${deployment}`;

/** A route prefix and the deployment that answers it. */
export const routeSchema = z.object({ prefix: z.string(), app: z.string(), deployment: z.string() });
export type Route = z.infer<typeof routeSchema>;

/**
 * Where every request can go: one versioned document, published by the controller only once its
 * recovery is complete, so that it never shrinks to empty or partial because its writer restarted.
 */
export const routingSnapshotSchema = z.object({
  /** Rises with each publication, also across controllers. */
  version: z.number().int().positive(),
  http: z.object({
    /** Null: no limit. */
    requestTimeoutMs: z.number().positive().nullable(),
    keepAliveTimeoutMs: z.number().positive(),
    rootPath: z.string(),
  }),
  routes: z.array(routeSchema),
  deployments: z.record(z.string(), routingDeploymentSchema),
});
export type RoutingSnapshot = z.infer<typeof routingSnapshotSchema>;
