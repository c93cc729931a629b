import type { ApplicationDetails, DeploymentDetails, ServeDetails } from "../../protocol/serve-details.ts";

/** What `serve status` says of one application. */
export const appStatus = (app: ApplicationDetails): Readonly<Record<string, unknown>> => ({
  status: app.status,
  message: app.message,
  last_deployed_time_s: app.last_deployed_time_s,
  deployments: mapValues(app.deployments, deploymentStatus),
});

/** What `serve status` says of everything. */
export const serveStatus = (details: ServeDetails): Readonly<Record<string, unknown>> => ({
  proxies: mapValues(details.proxies, (proxy) => proxy.status),
  applications: mapValues(details.applications, appStatus),
  target_capacity: details.target_capacity,
});

const deploymentStatus = (deployment: DeploymentDetails): Readonly<Record<string, unknown>> => {
  const states: Record<string, number> = {};
  for (const replica of deployment.replicas) states[replica.state] = (states[replica.state] ?? 0) + 1;
  return {
    status: deployment.status,
    status_trigger: deployment.status_trigger,
    replica_states: states,
    message: deployment.message,
  };
};

const mapValues = <In, Out>(
  record: Readonly<Record<string, In>>,
  change: (value: In) => Out,
): Readonly<Record<string, Out>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
