import { int32Max } from "../api/limits.ts";
import type { RayClusterSpec, WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import { wantedReplicas } from "../api/worker-replicas.ts";

/** How many worker pods a cluster should have. */
export const wantedWorkers = (spec: RayClusterSpec): number =>
  sumOverGroups(spec, (group) => wantedReplicas(spec, group));

/** Pods of so many replicas a group, suspended groups left out; stays within 32 bits, as fields of the API do. */
export const sumOverGroups = (spec: RayClusterSpec, replicas: (group: WorkerGroupSpec) => number): number => {
  const groups = (spec.workerGroupSpecs ?? []).filter(({ suspend }) => suspend !== true);
  return Math.min(
    groups.reduce((sum, group) => sum + replicas(group) * group.numOfHosts, 0),
    int32Max,
  );
};
