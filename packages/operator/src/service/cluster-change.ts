import { annotations } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayClusterSpec, WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import { gcsBackend } from "../cluster/build/fault-tolerance.ts";
import { digest, isOwnHash, recreateHash } from "../cluster/revision.ts";
import { serviceAnnotations } from "./names.ts";

/** How a cluster differs from what its RayService asks for. */
export type ClusterChange =
  /** Not at all. */
  | { readonly kind: "same" }
  /** In how many workers there may be, or where they are tolerated. */
  | { readonly kind: "size" }
  /** By worker groups behind those that there are. */
  | { readonly kind: "appended" }
  /** In what pods are made of. `blocker`: why it cannot be exchanged inside the cluster, if it cannot. */
  | { readonly kind: "template"; readonly blocker: string | undefined };

/**
 * Compares a cluster with `rayClusterConfig`. Where the annotation is not of our making, or of another one, the stored
 * spec itself is compared: an operator that took the hash over unseen would swallow an edit made while it was changed.
 */
export const clusterChange = (cluster: RayCluster, wanted: RayClusterSpec): ClusterChange => {
  if (isSame(cluster, wanted)) return isSizeSame(cluster, wanted) ? { kind: "same" } : { kind: "size" };
  const count = cluster.spec.workerGroupSpecs?.length ?? 0;
  const groups = wanted.workerGroupSpecs ?? [];
  const isAppended = groups.length > count && isSame(cluster, { ...wanted, workerGroupSpecs: groups.slice(0, count) });
  if (isAppended) return { kind: "appended" };
  return { kind: "template", blocker: rollBlocker(cluster, wanted) };
};

const isSame = (cluster: RayCluster, wanted: RayClusterSpec): boolean => {
  const hash = recreateHash(wanted);
  const noted = cluster.metadata.annotations?.[annotations.specHash] ?? "";
  return (isOwnHash(noted) && noted === hash) || recreateHash(cluster.spec) === hash;
};

/** Hash of what a change of size is about: everything that `recreateHash` leaves out. */
export const scaleHash = (spec: RayClusterSpec): string => digest(sizes(spec), 12);

const sizes = (spec: RayClusterSpec): unknown => ({
  head: placement(spec.headGroupSpec),
  groups: (spec.workerGroupSpecs ?? []).map((group) => ({
    replicas: group.replicas,
    min: group.minReplicas,
    max: group.maxReplicas,
    ...placement(group),
  })),
});

const placement = ({ template }: Pick<WorkerGroupSpec, "template">): object => ({
  tolerations: template.spec?.tolerations ?? [],
  gates: template.spec?.schedulingGates ?? [],
});

/** By what was last asked for; of a cluster that somebody else has made by its bounds alone. */
const isSizeSame = (cluster: RayCluster, wanted: RayClusterSpec): boolean => {
  const noted = cluster.metadata.annotations?.[serviceAnnotations.scaleHash];
  if (noted !== undefined) return noted === scaleHash(wanted);
  const former = cluster.spec.workerGroupSpecs ?? [];
  return (wanted.workerGroupSpecs ?? []).every((group, index) => {
    const old = former[index];
    return old?.minReplicas === group.minReplicas && old.maxReplicas === group.maxReplicas;
  });
};

/** Why the change needs a new cluster; undefined: its pods can be exchanged one by one. */
const rollBlocker = (cluster: RayCluster, wanted: RayClusterSpec): string | undefined => {
  const { spec } = cluster;
  const differs = (of: (spec: RayClusterSpec) => unknown): boolean =>
    digest([of(spec)], 24) !== digest([of(wanted)], 24);
  if (differs(({ rayVersion }) => rayVersion ?? "")) return "rayVersion changes";
  if (differs(({ gcsFaultToleranceOptions }) => gcsFaultToleranceOptions)) return "gcsFaultToleranceOptions change";
  if (differs(({ authOptions }) => authOptions)) return "authOptions change";
  if (differs(({ headGroupSpec }) => headGroupSpec.rayStartParams?.port))
    return "the port of the control store changes";
  const removed = (spec.workerGroupSpecs ?? []).find(({ groupName }) => groupOf(wanted, groupName) === undefined);
  if (removed !== undefined) return `the worker group ${removed.groupName} goes`;
  const resized = (spec.workerGroupSpecs ?? []).find(
    ({ groupName, numOfHosts }) => groupOf(wanted, groupName)?.numOfHosts !== numOfHosts,
  );
  if (resized !== undefined) return `numOfHosts of the worker group ${resized.groupName} changes`;
  return headBlocker(cluster, wanted, differs);
};

/** A head may only be exchanged where its state outlives it and others serve meanwhile. */
const headBlocker = (
  cluster: RayCluster,
  wanted: RayClusterSpec,
  differs: (of: (spec: RayClusterSpec) => unknown) => boolean,
): string | undefined => {
  const isHeadChanged =
    differs(({ headGroupSpec: { template, rayStartParams, resources, labels } }) => [
      { ...template, spec: { ...template.spec, tolerations: 0, schedulingGates: 0 } },
      rayStartParams ?? {},
      resources ?? {},
      labels ?? {},
    ]) || differs((spec) => [spec.enableInTreeAutoscaling === true, spec.autoscalerOptions?.version]);
  if (!isHeadChanged) return undefined;
  if (gcsBackend(cluster) === "none") return "the head changes, and without fault tolerance its state goes with it";
  const workers = (wanted.workerGroupSpecs ?? []).some(
    ({ replicas, minReplicas }) => Math.max(replicas, minReplicas) > 0,
  );
  return workers ? undefined : "the head changes, and no worker serves meanwhile";
};

const groupOf = (spec: RayClusterSpec, name: string): WorkerGroupSpec | undefined =>
  spec.workerGroupSpecs?.find(({ groupName }) => groupName === name);
