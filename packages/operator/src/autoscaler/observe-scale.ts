import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import { wantedReplicas } from "../api/worker-replicas.ts";
import { rolls } from "../cluster/decide/decide-heads.ts";
import { isTerminating, isWorker } from "../cluster/pod-state.ts";
import { workerRevision } from "../cluster/revision.ts";
import type { Stored } from "../kube/objects.ts";
import { groupCapacity } from "./group-capacity.ts";
import type { HeadLoad, NodeLoad } from "./head-load.ts";
import { autoscalerLimits } from "./limits.ts";
import type { GroupState, ScaleInput, Unit } from "./scale-input.ts";

type StoredPod = Stored<Pod>;

/** What a decision needs of a cluster: its pods joined with the nodes that its head knows, by address. */
export const observeScale = (
  cluster: RayCluster,
  pods: readonly StoredPod[],
  load: HeadLoad,
  clusterDomain: string,
): Pick<ScaleInput, "groups" | "otherNodes" | "demands" | "conservative"> => {
  // Of a pod that is on its way out, and one that has its address by now, the newer counts.
  const podOf = new Map(pods.filter((pod) => !isTerminating(pod)).map((pod) => [pod.status?.podIP, pod]));
  const leaving = new Set(pods.filter(isTerminating).map((pod) => pod.status?.podIP));
  const groups = (cluster.spec.workerGroupSpecs ?? []).filter(({ suspend }) => suspend !== true);
  const states = groups.map((group) => groupState(cluster, group, pods, load, clusterDomain));
  const isOther = ({ ip }: NodeLoad): boolean => {
    const pod = podOf.get(ip);
    return pod === undefined ? !leaving.has(ip) : !isWorker(pod);
  };
  return {
    groups: states,
    otherNodes: load.nodes.filter(isOther),
    demands: load.demands,
    conservative: cluster.spec.autoscalerOptions?.upscalingMode === "Conservative",
  };
};

const groupState = (
  cluster: RayCluster,
  group: WorkerGroupSpec,
  pods: readonly StoredPod[],
  load: HeadLoad,
  clusterDomain: string,
): GroupState => {
  const { groupName: name, minReplicas, maxReplicas, numOfHosts: hosts, priority } = group;
  const named = new Set(group.scaleStrategy?.workersToDelete ?? []);
  const mine = pods.filter(
    (pod) => isWorker(pod) && !isTerminating(pod) && pod.metadata.labels?.[labels.group] === name,
  );
  const units = unitsOf(group, mine, load).filter(({ podNames }) => !podNames.some((podName) => named.has(podName)));
  const { idleTimeoutSeconds = cluster.spec.autoscalerOptions?.idleTimeoutSeconds } = group;
  const revision = workerRevision(cluster, group);
  return {
    name,
    minReplicas,
    maxReplicas,
    replicas: wantedReplicas(cluster.spec, group),
    hosts,
    priority,
    idleTimeoutMs: idleTimeoutSeconds === undefined ? autoscalerLimits.idleTimeoutMs : idleTimeoutSeconds * 1_000,
    capacity: groupCapacity(
      cluster,
      group,
      clusterDomain,
      units.flatMap(({ nodes }) => nodes),
    ),
    units,
    settled: !rolls(cluster) || mine.every((pod) => pod.metadata.labels?.[labels.podRevision] === revision),
  };
};

const unitsOf = (group: WorkerGroupSpec, pods: readonly StoredPod[], load: HeadLoad): Unit[] => {
  const bundles = new Map<string, StoredPod[]>();
  for (const pod of pods) {
    const replica = group.numOfHosts > 1 ? pod.metadata.labels?.[labels.replicaName] : undefined;
    const id = replica === undefined ? pod.metadata.uid : `${group.groupName}/${replica}`;
    bundles.set(id, [...(bundles.get(id) ?? []), pod]);
  }
  return [...bundles].map(([id, bundle]) => ({
    id,
    podNames: bundle.map(({ metadata }) => metadata.name),
    nodes: bundle.flatMap(({ status }) => load.nodes.filter(({ ip }) => ip === status?.podIP)),
  }));
};
