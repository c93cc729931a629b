import { z } from "zod";
import { defineService, nothing, unary } from "./service.ts";

/** What the controller starts a replica with (`ActorEntry.args` of module "serve-replica"). */
export const replicaArgsSchema = z.object({
  replicaId: z.string(),
  app: z.string(),
  deployment: z.string(),
  /** Content hash of the app's bundle. */
  bundleId: z.string(),
  /** Export of the bundle that holds the application or its builder. */
  exportName: z.string(),
  /** Arguments of an app builder. */
  builderArgs: z.record(z.string(), z.unknown()),
  /** Code version: what a rollout compares. */
  version: z.string(),
  userConfig: z.unknown(),
  maxOngoingRequests: z.number().int().positive(),
  shutdownWaitLoopMs: z.number().nonnegative(),
  /** Where the app answers; empty when it has no route. */
  routePrefix: z.string(),
  /** Set in the process before the application's code is loaded. */
  envVars: z.record(z.string(), z.string()).optional(),
});
export type ReplicaArgs = z.infer<typeof replicaArgsSchema>;

/** Served by every replica, called by the controller. */
export const replicaService = defineService("serve-replica", {
  /** Runs the user's `checkHealth`; an error means unhealthy. */
  checkHealth: unary(nothing, z.object({ ongoing: z.number().int() })),
  /** Changes what can change in place; the version stays. */
  reconfigure: unary(
    z.object({
      userConfig: z.unknown(),
      runUserReconfigure: z.boolean(),
      maxOngoingRequests: z.number().int().positive(),
    }),
    nothing,
  ),
  metadata: unary(
    nothing,
    z.object({
      args: replicaArgsSchema,
      ongoing: z.number().int(),
      /** Requests whose time was up before their code could run. */
      expired: z.number().int().optional(),
      /** Made anew by each process, also where it takes the place of a former one under the same actor id. */
      life: z.string().optional(),
    }),
  ),
});
export type ReplicaService = typeof replicaService;
