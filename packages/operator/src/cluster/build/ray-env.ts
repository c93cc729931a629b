import type { Container, EnvVar } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { gcsBackend, redisEnv, storageEnv } from "./fault-tolerance.ts";
import { createdByService, originOf } from "./labels.ts";
import { authSecretName, headServiceHost, headServiceName } from "./names.ts";
import { headPort, type NodeRole } from "./start-params.ts";

/** What the variables of one Ray container depend on. */
export interface EnvContext {
  readonly cluster: RayCluster;
  readonly role: NodeRole;
  /** The generated `ray start …`. */
  readonly start: string;
  readonly options: ClusterOptions;
  /** Seconds of the grace that the node may spend to leave; absent where the user has said it. */
  readonly drainSeconds: number | undefined;
}

/** All variables of a Ray container: the user's, those that replace his, those that fill in (reference, section 2.8). */
export const rayEnv = (container: Container, context: EnvContext): EnvVar[] => {
  const forced = forcedEnv(context);
  const forcedNames = new Set(forced.map(({ name }) => name));
  // Where both name one, the last would win anyway; a list by names must not hold it twice.
  const user = (container.env ?? []).filter(({ name }) => !forcedNames.has(name));
  return withMissing([...user, ...forced], [...filledEnv(context, user), ...context.options.defaultContainerEnv]);
};

/** Appends what no variable of the list is named like. */
export const withMissing = (env: readonly EnvVar[], more: readonly EnvVar[]): EnvVar[] => {
  const named = new Map(env.map((variable) => [variable.name, variable]));
  for (const variable of more) if (!named.has(variable.name)) named.set(variable.name, variable);
  return [...named.values()];
};

/** Where workers find the head: of the Ray container and of every init container. */
export const headHostEnv = (cluster: RayCluster, clusterDomain: string): EnvVar[] => [
  { name: "FQ_RAY_IP", value: headServiceHost(cluster, clusterDomain) },
  { name: "RAY_IP", value: headServiceName(cluster) },
];

/** Variables with the cluster's token, or the word that there is none. */
export const authEnv = (cluster: RayCluster): EnvVar[] => {
  if (cluster.spec.authOptions?.mode !== "token") return [{ name: "RAY_AUTH_MODE", value: "disabled" }];
  const secretKeyRef = { name: authSecretName(cluster), key: "auth_token" };
  return [
    { name: "RAY_AUTH_MODE", value: "token" },
    { name: "RAY_AUTH_TOKEN", valueFrom: { secretKeyRef } },
  ];
};

const forcedEnv = ({ cluster, role, start, options }: EnvContext): EnvVar[] => {
  const { enableInTreeAutoscaling, autoscalerOptions } = cluster.spec;
  const version = enableInTreeAutoscaling === true && role !== "worker" ? autoscalerOptions?.version : undefined;
  return [
    ...(role === "worker" ? headHostEnv(cluster, options.clusterDomain) : redisEnv(cluster)),
    fromField("RAY_CLUSTER_NAME", `metadata.labels['${labels.cluster}']`),
    fromField("RAY_CLUSTER_NAMESPACE", "metadata.namespace"),
    fromField("RAY_CLOUD_INSTANCE_ID", "metadata.name"),
    fromField("RAY_NODE_TYPE_NAME", `metadata.labels['${labels.group}']`),
    { name: "KUBERAY_GEN_RAY_START_CMD", value: start },
    ...(role === "worker"
      ? []
      : [
          {
            name: "RAY_USAGE_STATS_EXTRA_TAGS",
            value: `kuberay_version=${options.operatorVersion};kuberay_crd=${originOf(cluster)}`,
          },
        ]),
    ...(version === undefined ? [] : [{ name: "RAY_enable_autoscaler_v2", value: String(version === "v2") }]),
  ];
};

const filledEnv = (context: EnvContext, user: readonly EnvVar[]): EnvVar[] => {
  const { cluster, role, options, drainSeconds } = context;
  const port = headPort(cluster);
  const host = role === "worker" ? headServiceHost(cluster, options.clusterDomain) : "127.0.0.1";
  return [
    { name: "RAY_PORT", value: port },
    { name: "RAY_ADDRESS", value: `${host}:${port}` },
    { name: "RAY_USAGE_STATS_KUBERAY_IN_USE", value: "1" },
    { name: "RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE", value: "1" },
    ...(createdByService(cluster) ? serviceEnv : []),
    ...(role === "worker" ? reconnectEnv(cluster, options) : storageEnv(cluster)),
    ...(setsAuth(user) ? [] : authEnv(cluster)),
    // The node's own address, and names under which the dashboard is called.
    fromField("POD_IP", "status.podIP"),
    ...(role === "worker" ? [] : [{ name: "MANTA_ALLOWED_HOSTS", value: headNames(cluster, options.clusterDomain) }]),
    ...(drainSeconds === undefined ? [] : [{ name: "MANTA_DRAIN_TIMEOUT_S", value: String(drainSeconds) }]),
  ];
};

const serviceEnv: readonly EnvVar[] = [
  { name: "RAY_timeout_ms_task_wait_for_death_info", value: "0" },
  { name: "RAY_gcs_server_request_timeout_seconds", value: "5" },
  { name: "RAY_SERVE_KV_TIMEOUT_S", value: "5" },
];

const reconnectEnv = (cluster: RayCluster, { workerReconnectTimeoutSeconds }: ClusterOptions): EnvVar[] =>
  workerReconnectTimeoutSeconds === undefined || gcsBackend(cluster) === "none"
    ? []
    : [{ name: "RAY_gcs_rpc_server_reconnect_timeout_s", value: String(workerReconnectTimeoutSeconds) }];

/** Half of an answer to "which token" would be worse than none. */
const setsAuth = (env: readonly EnvVar[]): boolean => env.some(({ name }) => name.startsWith("RAY_AUTH_"));

const headNames = (cluster: RayCluster, clusterDomain: string): string => {
  const { namespace } = cluster.metadata;
  const origin = cluster.metadata.labels?.[labels.originatedFromName];
  const services = [headServiceName(cluster), ...(origin === undefined ? [] : [`${origin}-head-svc`])];
  const hosts = services.flatMap((name) => [name, `${name}.${namespace}`, `${name}.${namespace}.svc.${clusterDomain}`]);
  const ingress = cluster.spec.headGroupSpec.ingressOptions?.host;
  return [...hosts, ...(ingress === undefined ? [] : [ingress])].join(",");
};

const fromField = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });
