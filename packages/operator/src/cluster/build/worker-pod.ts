import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { WorkerGroupSpec } from "../../api/ray-cluster-spec.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { workerRevision } from "../revision.ts";
import { workerPodLabels } from "./labels.ts";
import { buildRayPod } from "./ray-pod.ts";

/** Which pod of its group it is. */
export interface WorkerSlot {
  /** Lowest number that was free in the group. */
  readonly replicaIndex: number;
  /** In a group of several hosts a replica: the name that its pods share, and the place among them. */
  readonly host?: { readonly replicaName: string; readonly index: number };
}

/** A worker pod. */
export const buildWorkerPod = (
  cluster: RayCluster,
  group: WorkerGroupSpec,
  name: string,
  slot: WorkerSlot,
  options: ClusterOptions,
): Pod =>
  buildRayPod(
    cluster,
    group,
    "worker",
    {
      name,
      labels: {
        ...workerPodLabels(cluster, group),
        [labels.replicaIndex]: String(slot.replicaIndex),
        ...(slot.host === undefined
          ? {}
          : {
              [labels.replicaName]: slot.host.replicaName,
              [labels.replicaHostIndex]: String(slot.host.index),
            }),
        [labels.podRevision]: workerRevision(cluster, group),
      },
    },
    options,
  );
