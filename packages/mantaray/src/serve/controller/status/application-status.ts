import type { ApplicationStatus } from "../../../protocol/serve-details.ts";
import type { DeploymentStatusInfo } from "./deployment-status.ts";

/** What the status of an application is made from. */
export interface ApplicationFacts {
  readonly deleting: boolean;
  readonly build: { readonly state: "pending" | "done" } | { readonly state: "failed"; readonly message: string };
  readonly deployments: ReadonlyMap<string, DeploymentStatusInfo>;
}

export interface ApplicationStatusInfo {
  readonly status: ApplicationStatus;
  readonly message: string;
}

/** Status of an application: that of its worst deployment (reference section 1.6). */
export const applicationStatus = (facts: ApplicationFacts): ApplicationStatusInfo => {
  if (facts.deleting) return { status: "DELETING", message: "" };
  if (facts.build.state === "failed") return { status: "DEPLOY_FAILED", message: facts.build.message };
  if (facts.build.state === "pending") return { status: "DEPLOYING", message: "" };
  const named = (status: string): string[] =>
    [...facts.deployments].filter(([, info]) => info.status === status).map(([name]) => name);
  const failed = named("DEPLOY_FAILED");
  if (failed.length > 0) {
    return { status: "DEPLOY_FAILED", message: `Failed to update the deployments ${list(failed)}.` };
  }
  const unhealthy = named("UNHEALTHY");
  if (unhealthy.length > 0)
    return { status: "UNHEALTHY", message: `The deployments ${list(unhealthy)} are UNHEALTHY.` };
  const deploying = [...facts.deployments.values()].some(isDeploying);
  return { status: deploying ? "DEPLOYING" : "RUNNING", message: "" };
};

const isDeploying = (info: DeploymentStatusInfo): boolean =>
  info.status === "UPDATING" ||
  ((info.status === "UPSCALING" || info.status === "DOWNSCALING") && info.trigger === "CONFIG_UPDATE_STARTED");

const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(", ")}]`;
