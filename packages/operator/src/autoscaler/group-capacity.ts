import type { RayCluster } from "../api/ray-cluster.ts";
import type { WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import { parsedResources, startParams } from "../cluster/build/start-params.ts";
import type { Amounts, NodeLoad } from "./head-load.ts";

/**
 * What a pod of the group will have, as its start parameters say. What they leave out (CPUs of a pod without a limit)
 * is as it is on a node of the group that is there; without one, a CPU is assumed: most pods have at least that.
 */
export const groupCapacity = (
  cluster: RayCluster,
  group: WorkerGroupSpec,
  clusterDomain: string,
  nodes: readonly NodeLoad[],
): Amounts => {
  const params = startParams(cluster, group, "worker", clusterDomain);
  return {
    CPU: 1,
    ...nodes[0]?.resources,
    ...amount("CPU", params["num-cpus"]),
    ...amount("GPU", params["num-gpus"]),
    ...amount("memory", params.memory),
    ...(params.resources === undefined ? {} : custom(params.resources)),
  };
};

const amount = (name: string, text: string | undefined): Amounts => {
  const value = Number(text ?? "");
  return text === undefined || text.trim() === "" || !Number.isFinite(value) || value < 0 ? {} : { [name]: value };
};

const custom = (text: string): Amounts =>
  Object.fromEntries(
    Object.entries(parsedResources(text) ?? {}).filter(([, value]) => Number.isFinite(value) && value >= 0),
  );
