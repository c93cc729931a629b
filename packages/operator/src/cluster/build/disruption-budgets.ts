import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import { annotations, labelValues } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { clusterLabels, podSelector } from "./labels.ts";
import { headScopedName } from "./names.ts";
import { ownedBy } from "./owner.ts";

/** Whether the cluster gets disruption budgets. */
export const wantsBudgets = (cluster: RayCluster, options: ClusterOptions): boolean =>
  options.disruptionBudgets && cluster.metadata.annotations?.[annotations.disruptionBudget] !== "false";

/**
 * One head and one worker at a time may be evicted, and pods that are not Ready always. `idleWorkers` are workers which
 * are never Ready, since they hold no replica: the API counts them as disrupted, and without them nothing else might go.
 */
export const buildBudgets = (cluster: RayCluster, idleWorkers: number): PodDisruptionBudget[] => [
  budget(cluster, headScopedName(cluster.metadata.name), labelValues.head, 1),
  ...((cluster.spec.workerGroupSpecs ?? []).length === 0
    ? []
    : [budget(cluster, `${cluster.metadata.name}-workers`, labelValues.worker, 1 + idleWorkers)]),
];

const budget = (cluster: RayCluster, name: string, nodeType: string, maxUnavailable: number): PodDisruptionBudget => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: {
    name,
    namespace: cluster.metadata.namespace,
    labels: clusterLabels(cluster),
    ownerReferences: [ownedBy(cluster)],
  },
  spec: {
    maxUnavailable,
    unhealthyPodEvictionPolicy: "AlwaysAllow",
    selector: { matchLabels: podSelector(cluster.metadata.name, nodeType) },
  },
});
