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

/** How many pods a cluster should have. */
export interface PodCounts {
  readonly heads: number;
  readonly workers: number;
  /** Workers that are never Ready, since they hold no replica: without them nothing else might go. */
  readonly idleWorkers: number;
}

/**
 * One head and one worker at a time may be evicted, and pods that are not Ready always. It is said as `minAvailable`: for
 * `maxUnavailable` the API asks the pods' controller how many there should be, and a RayCluster's scale subresource
 * counts neither heads nor more than one group.
 */
export const buildBudgets = (
  cluster: RayCluster,
  { heads, workers, idleWorkers }: PodCounts,
): PodDisruptionBudget[] => [
  budget(cluster, headScopedName(cluster.metadata.name), labelValues.head, heads - 1),
  ...((cluster.spec.workerGroupSpecs ?? []).length === 0
    ? []
    : [budget(cluster, `${cluster.metadata.name}-workers`, labelValues.worker, workers - 1 - idleWorkers)]),
];

const budget = (cluster: RayCluster, name: string, nodeType: string, available: number): PodDisruptionBudget => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: {
    name,
    namespace: cluster.metadata.namespace,
    labels: clusterLabels(cluster),
    ownerReferences: [ownedBy(cluster)],
  },
  spec: {
    minAvailable: Math.max(0, available),
    unhealthyPodEvictionPolicy: "AlwaysAllow",
    selector: { matchLabels: podSelector(cluster.metadata.name, nodeType) },
  },
});
