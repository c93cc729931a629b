import type { RayCluster } from "./ray-cluster.ts";
import type { RayClusterSpec } from "./ray-cluster-spec.ts";
import type { RayService } from "./ray-service.ts";

/** Fields of `autoscalerOptions` that describe the sidecar which the reference runs. */
const sidecarFields = [
  "image",
  "imagePullPolicy",
  "resources",
  "env",
  "envFrom",
  "volumeMounts",
  "securityContext",
] as const;

const saysSomething = (value: unknown): boolean =>
  value !== undefined && (typeof value !== "object" || value === null || Object.keys(value).length > 0);

const specNotices = (spec: RayClusterSpec, path: string): string[] => {
  const set = sidecarFields.filter((field) => saysSomething(spec.autoscalerOptions?.[field]));
  if (set.length === 0) return [];
  const names = set.map((field) => `${path}.autoscalerOptions.${field}`).join(", ");
  return [`${names}: without effect, the operator scales the cluster itself and there is no sidecar`];
};

/** What a RayCluster sets that is accepted and has no effect: one text each, for an event. */
export const clusterNotices = ({ spec }: Pick<RayCluster, "spec">): string[] => specNotices(spec, "spec");

/** What a RayService sets that is accepted and has no effect: one text each, for an event. */
export const serviceNotices = ({ spec }: Pick<RayService, "spec">): string[] => [
  ...(["serviceUnhealthySecondThreshold", "deploymentUnhealthySecondThreshold"] as const)
    .filter((field) => spec[field] !== undefined)
    .map(
      (field) => `spec.${field}: without effect, as in the reference: replicas are replaced when they are unhealthy`,
    ),
  ...specNotices(spec.rayClusterConfig, "spec.rayClusterConfig"),
];
