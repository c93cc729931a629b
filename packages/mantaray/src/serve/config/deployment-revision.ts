import { createHash } from "node:crypto";
import type { ResolvedDeployment } from "./resolved-deployment.ts";

/** The code that a deployment runs. */
export interface DeploymentCode {
  /** Content hash of the app's bundle. */
  readonly bundleId: string;
  readonly exportName: string;
  readonly builderArgs: Readonly<Record<string, unknown>>;
}

/**
 * Version of a deployment: the hash of everything that only a new process can take over (reference
 * section 5.7). Two replicas of one version are the same program in the same box.
 */
export const versionOf = (code: DeploymentCode, resolved: ResolvedDeployment): string =>
  hash([
    code.bundleId,
    code.exportName,
    code.builderArgs,
    resolved.name,
    resolved.ray_actor_options,
    resolved.max_replicas_per_node,
    resolved.request_router_config.request_router_class,
  ]);

/** Hash of everything that live replicas take over in place. */
export const settingsOf = (resolved: ResolvedDeployment): string =>
  hash([
    resolved.user_config,
    resolved.max_ongoing_requests,
    resolved.graceful_shutdown_wait_loop_s,
    resolved.backpressure_config,
    resolved.logging_config,
    resolved.request_router_config,
    resolved.autoscaling_config?.metrics_interval_s,
    resolved.autoscaling_config?.look_back_period_s,
  ]);

/** What a change of a deployment costs, cheapest first. */
export type ConfigChange = "none" | "controller_only" | "reconfigure" | "restart";

/** One deployment as it is or as it shall be. */
export interface DeploymentSpec {
  readonly code: DeploymentCode;
  readonly resolved: ResolvedDeployment;
}

/** What going from `before` to `after` does to live replicas. */
export const compareConfigs = (before: DeploymentSpec, after: DeploymentSpec): ConfigChange => {
  if (versionOf(before.code, before.resolved) !== versionOf(after.code, after.resolved)) return "restart";
  if (settingsOf(before.resolved) !== settingsOf(after.resolved)) return "reconfigure";
  return hash(before.resolved) === hash(after.resolved) ? "none" : "controller_only";
};

/** Equal values have equal hashes whatever the order of their keys. */
export const hash = (value: unknown): string =>
  createHash("sha256").update(canonical(value)).digest("hex").slice(0, 32);

const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
};
