import type { NodeId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type {
  ActorDetails,
  ApplicationDetails,
  DeploymentDetails,
  ProxyDetails,
  ReplicaDetails,
  ReplicaState,
  ServeDetails,
} from "../../protocol/serve-details.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Replica } from "./deployment/replica.ts";
import { requiredResources } from "./deployment/replica-spec.ts";
import { type Proxy, proxyPort } from "./proxies/proxy.ts";
import { custodyNotice } from "./state/custody.ts";
import { wantedReplicas } from "./state/scale-deployment.ts";
import { type AppTarget, type DeploymentTarget, effectiveRevision, type TargetState } from "./state/target-state.ts";
import { applicationStatus } from "./status/application-status.ts";

/** What details are made from. */
export interface DetailsFacts {
  readonly state: TargetState;
  /** The controller's own actor. */
  readonly controller: ActorRecord;
  readonly cluster: ClusterView;
  readonly proxies: Iterable<Proxy>;
  /** Live and recently dead replicas of a deployment. */
  readonly replicasOf: (
    app: string,
    deployment: string,
  ) => { readonly live: readonly Replica[]; readonly dead: readonly Replica[] };
  readonly source?: "declarative" | "imperative" | undefined;
}

/** `ServeInstanceDetails` (reference section 1.5). Holds no secret: options with TLS keys are not accepted yet. */
export const serveDetails = (facts: DetailsFacts): ServeDetails => {
  const { state, controller } = facts;
  const notice = custodyNotice(state);
  const proxies = [...facts.proxies].filter((proxy) => facts.cluster.get(proxy.nodeId) !== undefined);
  const apps = [...state.apps.values()].filter((app) => facts.source === undefined || app.source === facts.source);
  return {
    controller_info: actorDetails(facts.cluster, controller.nodeId, controller),
    ...(state.instance === null
      ? {}
      : {
          proxy_location: state.instance.proxyLocation,
          http_options: {
            host: "0.0.0.0",
            port: 8_000,
            root_path: "",
            request_timeout_s: null,
            keep_alive_timeout_s: 90,
            ...state.instance.http,
          },
          grpc_options: { port: 9_000, grpc_servicer_functions: [], ...state.instance.grpc },
        }),
    proxies: Object.fromEntries(proxies.map((proxy) => [proxy.nodeId, proxyDetails(facts.cluster, proxy)])),
    applications: Object.fromEntries(apps.map((app) => [app.name, appDetails(facts, app)])),
    target_capacity: state.targetCapacityPercent,
    target_groups: targetGroups(facts, proxies),
    // Applications in custody are not listed: tools that deploy what is missing then do what is needed.
    ...(notice === undefined ? {} : { notice }),
  };
};

const actorDetails = (cluster: ClusterView, nodeId: NodeId | null, record: ActorRecord | null): ActorDetails => {
  const node = nodeId === null ? undefined : cluster.get(nodeId);
  return {
    node_id: nodeId,
    node_ip: node?.ip ?? null,
    node_instance_id: node?.name ?? null,
    actor_id: record?.actorId ?? null,
    actor_name: record?.spec.name ?? null,
    worker_id: record?.workerId ?? null,
    // Relative to the log folder of its node, as the State API's log endpoints take it.
    log_file_path: record?.workerId == null ? null : `worker-${record.workerId.slice(0, 8)}-${record.pid ?? 0}.err`,
  };
};

const proxyDetails = (cluster: ClusterView, proxy: Proxy): ProxyDetails => ({
  ...actorDetails(cluster, proxy.nodeId, proxy.record),
  status: proxy.status,
});

const appDetails = (facts: DetailsFacts, app: AppTarget): ApplicationDetails => {
  const statuses = new Map([...app.deployments].map(([name, deployment]) => [name, deployment.status]));
  const { status, message } = applicationStatus({ deleting: app.deleting, build: app.build, deployments: statuses });
  return {
    name: app.name,
    route_prefix: app.routePrefix,
    docs_path: null,
    status,
    message,
    last_deployed_time_s: app.deployedAtMs / 1_000,
    deployed_app_config: { ...app.config },
    source: app.source,
    deployments: Object.fromEntries(
      [...app.deployments].map(([name, deployment]) => [name, deploymentDetails(facts, app, deployment)]),
    ),
    external_scaler_enabled: app.config.external_scaler_enabled ?? false,
    deployment_topology: topology(app),
  };
};

const deploymentDetails = (facts: DetailsFacts, app: AppTarget, deployment: DeploymentTarget): DeploymentDetails => {
  const { resolved } = effectiveRevision(deployment);
  const {
    retry_non_idempotent: _retry,
    max_replay_body_bytes: _replay,
    idempotency_config: _idempotency,
    ...config
  } = deployment.target.resolved;
  const { live, dead } = facts.replicasOf(app.name, deployment.name);
  return {
    name: deployment.name,
    status: deployment.status.status,
    status_trigger: deployment.status.trigger,
    message: deployment.status.message,
    deployment_config: config,
    target_num_replicas: wantedReplicas(facts.state, deployment, resolved.num_replicas),
    required_resources: requiredResources(resolved),
    replicas: live.map((replica) => replicaDetails(facts.cluster, replica, replicaState(facts.cluster, replica))),
    recent_dead_replicas: dead.map((replica) => replicaDetails(facts.cluster, replica, "STOPPED")),
  };
};

const replicaState = (cluster: ClusterView, replica: Replica): ReplicaState => {
  if (replica.phase === "STARTING" && replica.recovering) return "RECOVERING";
  if (replica.phase !== "RUNNING") return replica.phase;
  const nodeId = replica.record?.nodeId ?? null;
  if (nodeId !== null && cluster.get(nodeId)?.draining === true) return "PENDING_MIGRATION";
  if (replica.reconfiguring) return "UPDATING";
  return replica.recovering ? "RECOVERING" : "RUNNING";
};

const replicaDetails = (cluster: ClusterView, replica: Replica, state: ReplicaState): ReplicaDetails => ({
  ...actorDetails(cluster, replica.record?.nodeId ?? null, replica.record),
  replica_id: replica.id.slice(replica.id.lastIndexOf("#") + 1),
  actor_name: replica.id,
  state,
  pid: replica.record?.pid ?? null,
  start_time_s: replica.createdWallMs / 1_000,
});

const topology = (app: AppTarget): ApplicationDetails["deployment_topology"] => {
  if (app.graph === null) return null;
  const { ingress, outbound } = app.graph;
  return {
    app_name: app.name,
    ingress_deployment: ingress,
    nodes: Object.fromEntries(
      [...outbound].map(([name, names]) => [
        name,
        {
          name,
          app_name: app.name,
          outbound_deployments: names.map((callee) => ({ name: callee, app_name: app.name })),
          is_ingress: name === ingress,
        },
      ]),
    ),
  };
};

/** Without direct ingress there is one group: the healthy proxies. */
const targetGroups = (facts: DetailsFacts, proxies: readonly Proxy[]): NonNullable<ServeDetails["target_groups"]> => {
  const { instance } = facts.state;
  if (instance === null) return [];
  const targets = proxies.flatMap((proxy) => {
    const node = facts.cluster.get(proxy.nodeId);
    if (node === undefined || proxy.status !== "HEALTHY") return [];
    const port = proxy.health?.port ?? proxyPort(node, instance.http);
    return [{ ip: node.ip, port, instance_id: node.name, name: proxy.record?.spec.name ?? "" }];
  });
  return [{ targets, route_prefix: "/", protocol: "HTTP", app_name: "" }];
};
