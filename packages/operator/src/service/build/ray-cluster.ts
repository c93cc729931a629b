import { annotations, kinds, rayApiVersion } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { RayClusterSpec, WorkerGroupSpec } from "../../api/ray-cluster-spec.ts";
import type { RayService } from "../../api/ray-service.ts";
import { recreateHash } from "../../cluster/revision.ts";
import { scaleHash } from "../cluster-change.ts";
import { originLabels, serviceAnnotations } from "../names.ts";
import { keptConfig } from "../serve-config.ts";
import { ownedByService } from "./owner.ts";

/** What a new or changed cluster is made with. */
export interface ClusterBuild {
  readonly operatorVersion: string;
  /** Pods of a changed template are exchanged one by one. */
  readonly rolling: boolean;
  /** It starts with as few workers as may be: its share of the traffic makes it grow. */
  readonly growing?: boolean;
}

/** A cluster of a RayService (reference, section 4.3). */
export const buildRayCluster = (service: RayService, name: string, build: ClusterBuild): RayCluster => {
  const { rayClusterConfig, serveConfigV2 } = service.spec;
  return {
    apiVersion: rayApiVersion,
    kind: kinds.rayCluster,
    metadata: {
      name,
      namespace: service.metadata.namespace,
      labels: clusterLabels(service),
      annotations: { ...clusterAnnotations(service, build), ...keptConfig(serveConfigV2 ?? "") },
      ownerReferences: [ownedByService(service)],
    } as RayCluster["metadata"],
    spec: {
      ...rayClusterConfig,
      workerGroupSpecs: (rayClusterConfig.workerGroupSpecs ?? []).map((group) => ({
        ...group,
        ...(build.growing === true ? { replicas: group.minReplicas } : {}),
        // Always there: an autoscaler replaces it.
        scaleStrategy: group.scaleStrategy ?? {},
      })),
    },
  };
};

/** The user's labels and ours. */
export const clusterLabels = (service: RayService): Record<string, string> => ({
  ...service.metadata.labels,
  ...originLabels(service),
});

/** The user's annotations and what says from which template the cluster is. */
export const clusterAnnotations = (service: RayService, build: ClusterBuild): Record<string, string> => {
  const { [lastApplied]: _, ...own } = service.metadata.annotations ?? {};
  const spec = service.spec.rayClusterConfig;
  return {
    ...own,
    [annotations.specHash]: recreateHash(spec),
    [annotations.numWorkerGroups]: String(spec.workerGroupSpecs?.length ?? 0),
    [annotations.kuberayVersion]: build.operatorVersion,
    [serviceAnnotations.scaleHash]: scaleHash(spec),
    ...(build.rolling ? { [annotations.rollingUpdate]: "true" } : {}),
  };
};

/** kubectl's own note about the RayService; on a cluster it would mislead it. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * What a cluster's spec becomes by a change of the RayService: what others have decided meanwhile (the autoscaler,
 * Kueue, `kubectl scale`) stays, where the RayService has not been given another value.
 */
export const changedSpec = (
  current: RayClusterSpec,
  wanted: RayClusterSpec,
  isSizeChanged: boolean,
): RayClusterSpec => {
  const keepsReplicas = !isSizeChanged || wanted.enableInTreeAutoscaling === true;
  const former = new Map((current.workerGroupSpecs ?? []).map((group) => [group.groupName, group]));
  const groups = (wanted.workerGroupSpecs ?? []).map((group): WorkerGroupSpec => {
    const old = former.get(group.groupName);
    if (old === undefined) return { ...group, scaleStrategy: group.scaleStrategy ?? {} };
    return {
      ...group,
      ...(keepsReplicas ? { replicas: old.replicas } : {}),
      ...(isSizeChanged ? {} : { minReplicas: old.minReplicas, maxReplicas: old.maxReplicas }),
      scaleStrategy: old.scaleStrategy ?? {},
    };
  });
  return {
    ...wanted,
    workerGroupSpecs: groups,
    ...(current.suspend === undefined ? {} : { suspend: current.suspend }),
    ...(current.workerReplicas === undefined || isSizeChanged ? {} : { workerReplicas: current.workerReplicas }),
    ...(current.upgradeStrategy === undefined ? {} : { upgradeStrategy: current.upgradeStrategy }),
  };
};
