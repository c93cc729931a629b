import type { PodSpec } from "kubernetes-types/core/v1.d.ts";
import { annotations, labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";

/** Pods of a group on different machines where that is possible, so that one machine does not take all of them. */
export const topologySpread = (
  cluster: RayCluster,
  pod: PodSpec,
  podLabels: Readonly<Record<string, string>>,
  options: ClusterOptions,
): Pick<PodSpec, "topologySpreadConstraints"> => {
  const refused = cluster.metadata.annotations?.[annotations.topologySpread] === "false";
  if (!options.topologySpread || refused || pod.topologySpreadConstraints !== undefined) return {};
  const matchLabels = Object.fromEntries(
    [labels.cluster, labels.group].map((key) => [key, podLabels[key] ?? ""] as const),
  );
  return {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels },
      },
    ],
  };
};
