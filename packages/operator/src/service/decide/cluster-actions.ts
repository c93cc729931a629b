import type { RayCluster } from "../../api/ray-cluster.ts";
import type { RayService } from "../../api/ray-service.ts";
import { type Action, typed } from "../../kube/plan.ts";
import { rayClusters } from "../../kube/ray-resources.ts";
import { buildRayCluster, changedSpec, clusterAnnotations, clusterLabels } from "../build/ray-cluster.ts";
import type { ServeCluster } from "../observed-service.ts";
import { normal, type ServiceContext, scopes, warning } from "./service-context.ts";

/** Makes the cluster of that name as the RayService asks for it now. */
export const createCluster = (service: RayService, name: string, context: ServiceContext, growing: boolean): Action => {
  const build = { operatorVersion: context.options.operatorVersion, rolling: isInPlace(service), growing };
  return typed.create(rayClusters, buildRayCluster(service, name, build), {
    scope: scopes.clusters,
    // A crash after it, or a cache that lags: it is there already.
    ifExists: "ignore",
    onDone: normal("CreatedRayCluster", "Create", "Created RayCluster {name}"),
    onError: warning("FailedToCreateRayCluster", "Create", "Could not create RayCluster {name}: {error}"),
  });
};

/** Brings the spec of a cluster to what the RayService asks for. */
export const updateCluster = (
  service: RayService,
  { cluster }: ServeCluster,
  context: ServiceContext,
  how: { readonly why: string; readonly isSizeChanged: boolean; readonly rolling: boolean },
): Action => {
  const build = { operatorVersion: context.options.operatorVersion, rolling: how.rolling };
  const body = {
    metadata: {
      // Whoever has changed the cluster meanwhile is heard first.
      resourceVersion: cluster.metadata.resourceVersion,
      labels: clusterLabels(service),
      annotations: clusterAnnotations(service, build),
    },
    spec: replacing(cluster.spec, changedSpec(cluster.spec, service.spec.rayClusterConfig, how.isSizeChanged)),
  };
  return {
    kind: "patch",
    resource: rayClusters,
    ref: { namespace: cluster.metadata.namespace, name: cluster.metadata.name },
    patch: { type: "merge", body },
    scope: scopes.clusters,
    onDone: normal("UpdatedRayCluster", "Update", `Updated RayCluster {name}: ${how.why}`),
    onError: warning("FailedToUpdateRayCluster", "Update", "Could not update RayCluster {name}: {error}"),
  };
};

/** Writes annotations of a cluster. */
export const annotateCluster = (cluster: RayCluster, annotations: Record<string, string | null>): Action => ({
  kind: "patch",
  resource: rayClusters,
  ref: { namespace: cluster.metadata.namespace, name: cluster.metadata.name },
  patch: { type: "merge", body: { metadata: { annotations } } },
  scope: scopes.config(cluster.metadata.name),
});

/** Deletes a cluster; its pods drain within their grace period. */
export const deleteCluster = (cluster: RayCluster, why: string): Action => ({
  kind: "delete",
  resource: rayClusters,
  ref: { namespace: cluster.metadata.namespace, name: cluster.metadata.name },
  options: { propagationPolicy: "Background", preconditions: { uid: cluster.metadata.uid } },
  scope: scopes.clusters,
  onDone: normal("DeletedRayCluster", "Delete", `Deleted RayCluster {name}: ${why}`),
  onError: warning("FailedToDeleteRayCluster", "Delete", "Could not delete RayCluster {name}: {error}"),
});

/** Whether a changed template is brought into the running cluster. */
export const isInPlace = (service: RayService): boolean =>
  (service.spec.upgradeStrategy?.type ?? "InPlace") === "InPlace";

/** Whether traffic moves step by step through a Gateway. */
export const isIncremental = (service: RayService): boolean =>
  service.spec.upgradeStrategy?.type === "NewClusterWithIncrementalUpgrade";

/** A merge patch whose result is exactly `wanted`: keys that are to go are null. */
const replacing = (current: unknown, wanted: unknown): unknown => {
  if (!isMap(current) || !isMap(wanted)) return wanted;
  const keys = new Set([...Object.keys(current), ...Object.keys(wanted)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, wanted[key] === undefined ? null : replacing(current[key], wanted[key])]),
  );
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
