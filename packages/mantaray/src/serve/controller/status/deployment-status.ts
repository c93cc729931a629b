import type { DeploymentStatus, StatusTrigger } from "../../../protocol/serve-details.ts";

/** Status of a deployment, why it has it, and a text for people. */
export interface DeploymentStatusInfo {
  readonly status: DeploymentStatus;
  readonly trigger: StatusTrigger;
  readonly message: string;
}

/** What happens to a deployment, as far as its status cares. */
export type DeploymentStatusEvent =
  /** Everything wanted runs and nothing else does. */
  | "HEALTHY"
  | "CONFIG_UPDATE"
  | "MANUAL_UP"
  | "MANUAL_DOWN"
  | "AUTOSCALE_UP"
  | "AUTOSCALE_DOWN"
  | "HEALTH_CHECK_FAILED"
  | "STARTUP_FAILED"
  | "INTERNAL_ERROR"
  | "DELETE";

type Next = readonly [DeploymentStatus, StatusTrigger];

/**
 * The reference's status machine (section 1.6), a pure table. An event that does not apply leaves the
 * status as it is, message included.
 */
export const nextDeploymentStatus = (
  now: DeploymentStatusInfo,
  event: DeploymentStatusEvent,
  message = "",
): DeploymentStatusInfo => {
  const next = transition(now, event);
  return next === undefined ? now : { status: next[0], trigger: next[1], message };
};

const transition = (now: DeploymentStatusInfo, event: DeploymentStatusEvent): Next | undefined => {
  switch (event) {
    case "HEALTHY":
      return healthy(now);
    case "CONFIG_UPDATE":
      return ["UPDATING", "CONFIG_UPDATE_STARTED"];
    case "MANUAL_UP":
    case "MANUAL_DOWN":
      return manual(now, event === "MANUAL_UP" ? "UPSCALING" : "DOWNSCALING");
    case "AUTOSCALE_UP":
    case "AUTOSCALE_DOWN":
      return autoscale(now, event === "AUTOSCALE_UP" ? "UPSCALING" : "DOWNSCALING");
    case "HEALTH_CHECK_FAILED":
      return broken(now, "HEALTH_CHECK_FAILED");
    case "STARTUP_FAILED":
      return now.status === "HEALTHY" ? undefined : broken(now, "REPLICA_STARTUP_FAILED");
    case "INTERNAL_ERROR":
      return ["UNHEALTHY", "INTERNAL_ERROR"];
    case "DELETE":
      return ["UPDATING", "DELETING"];
    default:
      return event satisfies never;
  }
};

const healthy = (now: DeploymentStatusInfo): Next | undefined => {
  switch (now.status) {
    case "UPDATING":
      return ["HEALTHY", "CONFIG_UPDATE_COMPLETED"];
    case "UPSCALING":
      return ["HEALTHY", "UPSCALE_COMPLETED"];
    case "DOWNSCALING":
      return ["HEALTHY", "DOWNSCALE_COMPLETED"];
    case "UNHEALTHY":
    case "DEPLOY_FAILED":
      return ["HEALTHY", "UNSPECIFIED"];
    case "HEALTHY":
      return undefined;
    default:
      return now.status satisfies never;
  }
};

const manual = (now: DeploymentStatusInfo, direction: "UPSCALING" | "DOWNSCALING"): Next | undefined => {
  const applies = now.status === "HEALTHY" || now.status === "UPSCALING" || now.status === "DOWNSCALING";
  return applies ? [direction, "CONFIG_UPDATE_STARTED"] : undefined;
};

const autoscale = (now: DeploymentStatusInfo, direction: "UPSCALING" | "DOWNSCALING"): Next | undefined => {
  switch (now.status) {
    case "UPDATING":
    case "HEALTHY":
      return [direction, "AUTOSCALING"];
    case "UPSCALING":
    case "DOWNSCALING":
      // A person's scaling is finished before the autoscaler's wish shows.
      return now.trigger === "AUTOSCALING" ? [direction, "AUTOSCALING"] : undefined;
    case "UNHEALTHY":
    case "DEPLOY_FAILED":
      return undefined;
    default:
      return now.status satisfies never;
  }
};

const broken = (now: DeploymentStatusInfo, trigger: StatusTrigger): Next => {
  const duringDeploy = now.status === "UPDATING" || now.status === "DEPLOY_FAILED";
  return [duringDeploy ? "DEPLOY_FAILED" : "UNHEALTHY", trigger];
};
