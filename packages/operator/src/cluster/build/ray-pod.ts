import type { Container, Pod, PodSpec, PodTemplateSpec, Toleration } from "kubernetes-types/core/v1.d.ts";
import { annotations } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { HeadGroupSpec, WorkerGroupSpec } from "../../api/ray-cluster-spec.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { gcsVolume } from "./fault-tolerance.ts";
import { gracePeriod } from "./grace-period.ts";
import { overwritesCommand } from "./labels.ts";
import { ownedBy } from "./owner.ts";
import { withProbes } from "./probes.ts";
import { headHostEnv, rayEnv, withMissing } from "./ray-env.ts";
import { hardened } from "./security.ts";
import { containerCommand, startCommand } from "./start-command.ts";
import { type NodeRole, startParams } from "./start-params.ts";
import { topologySpread } from "./topology-spread.ts";
import { type PodParts, withSharedMemory, withTemp, withVolumes } from "./volumes.ts";
import { buildWaitGcsReady } from "./wait-gcs-ready.ts";

/** What makes one pod of a group different from the others. */
export interface PodIdentity {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A pod of a cluster: the group's template, and in its first container a node of Ray. */
export const buildRayPod = (
  cluster: RayCluster,
  group: HeadGroupSpec | WorkerGroupSpec,
  role: NodeRole,
  identity: PodIdentity,
  options: ClusterOptions,
): Pod => {
  const { template } = group;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadataOf(cluster, template, identity, options),
      ownerReferences: [ownedBy(cluster)],
    },
    spec: podSpec(cluster, group, role, identity, options),
  };
};

const metadataOf = (
  cluster: RayCluster,
  template: PodTemplateSpec,
  identity: PodIdentity,
  options: ClusterOptions,
): NonNullable<Pod["metadata"]> => {
  const { finalizers } = template.metadata ?? {};
  return {
    name: identity.name,
    namespace: cluster.metadata.namespace,
    labels: { ...options.defaultPodLabels, ...identity.labels },
    annotations: {
      ...options.defaultPodAnnotations,
      ...template.metadata?.annotations,
      ...identity.annotations,
      ...(overwritesCommand(cluster) ? { [annotations.overwriteContainerCmd]: "true" } : {}),
    },
    ...(finalizers === undefined ? {} : { finalizers }),
  };
};

const podSpec = (
  cluster: RayCluster,
  group: HeadGroupSpec | WorkerGroupSpec,
  role: NodeRole,
  identity: PodIdentity,
  options: ClusterOptions,
): PodSpec => {
  const template: PodSpec = group.template.spec ?? { containers: [] };
  const [given, ...sidecars] = template.containers;
  if (given === undefined) throw new Error("spec.template.spec.containers must have at least one container, has none");
  const params = startParams(cluster, group, role, options.clusterDomain);
  const grace = gracePeriod(template, given);
  const start = startCommand(role, params);
  const command = { overwrite: overwritesCommand(cluster), loginShell: options.loginShell };
  const ray: Container = {
    ...given,
    ...containerCommand(given, start, command),
    env: rayEnv(given, { cluster, role, start, options, drainSeconds: grace.drainSeconds }),
    ports: withMetricsPort(given),
  };
  const probed = options.injectProbes ? withProbes(cluster, role, ray, params) : ray;
  const parts = volumesOf(cluster, role, { pod: template, container: probed }, params, options);
  const pod: PodSpec = {
    ...parts.pod,
    terminationGracePeriodSeconds: grace.graceSeconds,
    containers: [parts.container, ...sidecars, ...(role === "worker" ? options.workerSidecars : options.headSidecars)],
    ...initContainersOf(cluster, role, template, parts.container, options),
    ...topologySpread(cluster, template, identity.labels, options),
    ...restartOf(cluster),
    ...(role === "worker" ? {} : { tolerations: headTolerations(template.tolerations ?? []) }),
  };
  return options.hardenPods ? hardened(pod) : pod;
};

const volumesOf = (
  cluster: RayCluster,
  role: NodeRole,
  parts: PodParts,
  params: Readonly<Record<string, string>>,
  options: ClusterOptions,
): PodParts => {
  const shared = withSharedMemory(parts, params);
  const stored = role === "worker" ? shared : withVolumes(shared, gcsVolume(cluster));
  return options.hardenPods ? withTemp(stored) : stored;
};

const initContainersOf = (
  cluster: RayCluster,
  role: NodeRole,
  template: PodSpec,
  ray: Container,
  options: ClusterOptions,
): Pick<PodSpec, "initContainers"> => {
  const given = template.initContainers ?? [];
  if (role !== "worker") return given.length === 0 ? {} : { initContainers: given };
  const host = headHostEnv(cluster, options.clusterDomain);
  const user = given.map((container) => ({ ...container, env: withMissing(host, container.env ?? []) }));
  const wait = options.injectInitContainer ? [buildWaitGcsReady(cluster, ray, options)] : [];
  return user.length + wait.length === 0 ? {} : { initContainers: [...user, ...wait] };
};

/** Metrics are scraped by this name. */
const withMetricsPort = (container: Container): NonNullable<Container["ports"]> => {
  const ports = container.ports ?? [];
  const known = ports.some(({ name, containerPort }) => name === "metrics" || containerPort === metricsPort);
  return known ? ports : [...ports, { name: "metrics", containerPort: metricsPort }];
};

const metricsPort = 8_080;

/** The second autoscaler knows nodes by their pods: one that restarts in place would be another (reference, section 2.11). */
const restartOf = ({ spec }: RayCluster): Pick<PodSpec, "restartPolicy"> =>
  spec.enableInTreeAutoscaling === true && spec.autoscalerOptions?.version === "v2" ? { restartPolicy: "Never" } : {};

/** A head leaves a node that went away soon; Kubernetes' own default is five minutes. */
const headTolerations = (given: readonly Toleration[]): Toleration[] => {
  const all = given.some(({ key, operator }) => key === undefined && operator === "Exists");
  const missing = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].filter(
    (taint) => !all && !given.some(({ key }) => key === taint),
  );
  const ours = missing.map((key): Toleration => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds }));
  return [...given, ...ours];
};

/** A node that is only restarted is back by then; so is not one that is lost. */
const tolerationSeconds = 30;
