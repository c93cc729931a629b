import { serveJobId } from "../../../base/ids.ts";
import type { ActorSpecInput, Resources } from "../../../protocol/actor.ts";
import { serveNamespace } from "../../../protocol/controller.ts";
import type { ReplicaArgs } from "../../../protocol/replica.ts";
import { deploymentKey } from "../../../protocol/routing.ts";
import type { ResolvedDeployment } from "../../config/index.ts";
import type { Revision } from "../state/target-state.ts";
import { type Replica, replicaClassName } from "./replica.ts";

/** What one replica reserves on its node. */
export const requiredResources = (resolved: ResolvedDeployment): Resources => {
  const { num_cpus: cpus, num_gpus: gpus, memory, resources } = resolved.ray_actor_options;
  const all = { CPU: cpus, GPU: gpus, memory, ...resources };
  return Object.fromEntries(Object.entries(all).filter(([, amount]) => amount > 0));
};

/** The actor that a replica is. */
export const replicaSpec = (
  replica: Replica,
  revision: Revision,
  where: { readonly app: string; readonly deployment: string; readonly routePrefix: string; readonly pack: boolean },
): ActorSpecInput => {
  const { resolved, code } = revision;
  const args: ReplicaArgs = {
    replicaId: replica.id,
    app: where.app,
    deployment: where.deployment,
    bundleId: code.bundleId,
    exportName: code.exportName,
    builderArgs: { ...code.builderArgs },
    version: revision.version,
    userConfig: resolved.user_config,
    maxOngoingRequests: resolved.max_ongoing_requests,
    shutdownWaitLoopMs: resolved.graceful_shutdown_wait_loop_s * 1_000,
    routePrefix: where.routePrefix,
    envVars: { ...resolved.ray_actor_options.runtime_env.env_vars },
  };
  return {
    className: replicaClassName(where.deployment),
    name: replica.id,
    namespace: serveNamespace,
    jobId: serveJobId,
    // Dead ones are replaced under a new id: the name says which process did what.
    maxRestarts: 0,
    // Without a head nobody replaces it but its node, in place.
    localRepair: true,
    resources: requiredResources(resolved),
    placement: {
      strategy: where.pack ? "PACK" : "SPREAD",
      group: deploymentKey(where.app, where.deployment),
      ...(resolved.max_replicas_per_node === null ? {} : { groupPerNodeMax: resolved.max_replicas_per_node }),
      ...(replica.movesTo === null ? {} : { nodeId: replica.movesTo }),
    },
    entry: { module: "serve-replica", args },
    stopGraceMs: resolved.graceful_shutdown_timeout_s * 1_000,
    // A loop that hangs as long as three health checks in a row would is beyond saving.
    watchdogTimeoutMs: 3 * (resolved.health_check_period_s + resolved.health_check_timeout_s) * 1_000,
  };
};
