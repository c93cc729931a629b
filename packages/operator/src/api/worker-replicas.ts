import type { RayClusterSpec, WorkerGroupSpec } from "./ray-cluster-spec.ts";

/**
 * How many replicas (each of `numOfHosts` pods) a worker group should have: 0 while it is suspended,
 * else `replicas` within `minReplicas` and `maxReplicas`. `spec.workerReplicas`, which `kubectl scale`
 * and a HorizontalPodAutoscaler write, takes the place of `replicas` of the first group.
 */
export const wantedReplicas = (spec: RayClusterSpec, group: WorkerGroupSpec): number => {
  if (group.suspend === true) return 0;
  const isFirst = spec.workerGroupSpecs?.[0]?.groupName === group.groupName;
  const asked = isFirst && spec.workerReplicas !== undefined ? spec.workerReplicas : group.replicas;
  return Math.min(Math.max(asked, group.minReplicas), group.maxReplicas);
};
