import { MantaError } from "../../../base/errors.ts";
import { atCapacity } from "../../config/index.ts";
import { nextDeploymentStatus } from "../status/deployment-status.ts";
import { type DeploymentTarget, findDeployment, type TargetState, withDeployment } from "./target-state.ts";

/** Replicas a deployment shall have now. */
export const wantedReplicas = (state: TargetState, deployment: DeploymentTarget, resolvedCount: number): number =>
  deployment.deleting ? 0 : atCapacity(deployment.replicasByHand ?? resolvedCount, state.targetCapacityPercent);

/**
 * Sets the replicas of a deployment by hand, as an external scaler does. Throws `not_found`, and
 * `invalid_argument` where the application does not allow an external scaler or the deployment is going.
 */
export const scaleDeployment = (
  state: TargetState,
  appName: string,
  deploymentName: string,
  replicas: number,
): TargetState => {
  const app = state.apps.get(appName);
  const deployment = findDeployment(state, appName, deploymentName);
  if (app === undefined) throw new MantaError("not_found", `there is no application ${JSON.stringify(appName)}`);
  if (deployment === undefined) {
    throw new MantaError(
      "not_found",
      `application ${JSON.stringify(appName)} has no deployment ${JSON.stringify(deploymentName)}`,
    );
  }
  const why = app.deleting || deployment.deleting ? "it is being deleted" : undefined;
  if (why !== undefined) {
    throw new MantaError("invalid_argument", `deployment ${JSON.stringify(deploymentName)} cannot be scaled: ${why}`, {
      details: { reason: "deleting" },
    });
  }
  if (app.config.external_scaler_enabled !== true) {
    throw new MantaError(
      "invalid_argument",
      `external_scaler_enabled is not set for application ${JSON.stringify(appName)}`,
      { details: { reason: "external_scaler_disabled" } },
    );
  }
  return withDeployment(state, appName, deploymentName, (before) => {
    const now = before.replicasByHand ?? before.target.resolved.num_replicas;
    if (now === replicas) return before;
    const status = nextDeploymentStatus(before.status, replicas > now ? "MANUAL_UP" : "MANUAL_DOWN");
    return { ...before, replicasByHand: replicas, status };
  });
};
