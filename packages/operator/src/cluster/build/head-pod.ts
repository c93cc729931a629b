import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { annotations, labels, labelValues } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { headRevision, recreateHash } from "../revision.ts";
import { ftAnnotations } from "./fault-tolerance.ts";
import { headPodLabels } from "./labels.ts";
import { buildRayPod } from "./ray-pod.ts";

/** Which of the heads it is. Both kinds find out by themselves who leads; a standby starts by following. */
export type HeadRole = "leader" | "standby";

/** A head pod. */
export const buildHeadPod = (cluster: RayCluster, name: string, role: HeadRole, options: ClusterOptions): Pod =>
  buildRayPod(
    cluster,
    cluster.spec.headGroupSpec,
    role === "leader" ? "head" : "standby",
    {
      name,
      labels: {
        ...headPodLabels(cluster),
        [labels.headRole]: role === "leader" ? labelValues.leader : labelValues.standby,
        [labels.podRevision]: headRevision(cluster),
      },
      annotations: {
        ...ftAnnotations(cluster),
        [annotations.recreateHash]: recreateHash(cluster.spec),
        [annotations.kuberayVersion]: options.operatorVersion,
      },
    },
    options,
  );
