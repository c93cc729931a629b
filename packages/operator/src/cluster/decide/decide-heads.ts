import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { clusterConditions } from "../../api/conditions.ts";
import { annotations, labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { Stored } from "../../kube/objects.ts";
import type { Action } from "../../kube/plan.ts";
import { gcsBackend } from "../build/fault-tolerance.ts";
import { buildHeadPod, type HeadRole } from "../build/head-pod.ts";
import { headPodPrefix } from "../build/names.ts";
import { conditionIsTrue } from "../conditions.ts";
import { clusterLimits } from "../limits.ts";
import type { ObservedCluster } from "../observed-cluster.ts";
import { PodNames } from "../pod-names.ts";
import { byWorth, failureOf, isAvailable, isHead, isStandby, isTerminating, overdueInMs } from "../pod-state.ts";
import { headRevision } from "../revision.ts";
import { type DecideContext, requeue, scopes } from "./decide-context.ts";
import { createPod, deletePod } from "./pod-actions.ts";
import { rollPods } from "./roll-pods.ts";

type StoredPod = Stored<Pod>;

/**
 * The head pods (reference, section 2.11): one that leads, and with Redis those that stand by. With Redis a lost head is
 * replaced at once, even while it is still on its way out, for the lease lets only one of them write. Otherwise the old
 * one has to be gone first, or overdue: two heads would be two clusters.
 */
export const decideHeads = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const waitMs = context.waitMs(scopes.head);
  if (waitMs > 0) return [requeue(scopes.head, waitMs)];
  const heads = observed.pods.filter(isHead);
  const present = heads.filter((pod) => !isTerminating(pod));
  const broken = present.filter((pod) => failureOf(pod) !== undefined);
  const good = present.filter((pod) => !broken.includes(pod)).toSorted(byWorth);
  const leaving = [...heads.filter(isTerminating), ...broken];
  const names = new PodNames(observed.cluster.metadata.uid, observed.podNames);
  const role = (wanted: HeadRole): Action[] =>
    decideRole(observed.cluster, context, names, {
      role: wanted,
      good: good.filter((pod) => isStandby(pod) === (wanted === "standby")),
      leaving: leaving.filter((pod) => isStandby(pod) === (wanted === "standby")),
    });
  const standbys = role("standby");
  // One after the other: the standby of the new revision is there before the leader goes.
  const leaders =
    rolls(observed.cluster) && standbys.length > 0 && good.some((pod) => !isStandby(pod)) ? [] : role("leader");
  return [
    ...broken.map((pod) => deletePod(pod, scopes.head, failureOf(pod) ?? "", scopes.head)),
    ...leaders,
    ...standbys,
  ];
};

/** Whether pods of an old template are exchanged one by one. */
export const rolls = (cluster: RayCluster): boolean =>
  cluster.metadata.annotations?.[annotations.rollingUpdate] === "true";

/** Whether every head is there, of the wanted revision, and works. */
export const headsAreDone = (observed: ObservedCluster, nowMs: number): boolean => {
  const heads = observed.pods.filter((pod) => isHead(pod) && !isTerminating(pod));
  const revision = headRevision(observed.cluster);
  const wanted = 1 + standbyCount(observed.cluster);
  const fresh = heads.filter(
    (pod) => pod.metadata.labels?.[labels.podRevision] === revision && isAvailable(pod, nowMs),
  );
  return heads.length === wanted && fresh.length === wanted;
};

/** How many spare heads there should be: they need a store that several can open. */
export const standbyCount = (cluster: RayCluster): number => {
  if (gcsBackend(cluster) !== "redis") return 0;
  const count = Number(cluster.metadata.annotations?.[annotations.standbyHeads] ?? "0");
  return Number.isInteger(count) ? Math.min(Math.max(count, 0), clusterLimits.standbyHeadsMax) : 0;
};

interface RolePods {
  readonly role: HeadRole;
  /** Worth most first. */
  readonly good: readonly StoredPod[];
  readonly leaving: readonly StoredPod[];
}

const decideRole = (cluster: RayCluster, context: DecideContext, names: PodNames, pods: RolePods): Action[] => {
  const desired = pods.role === "leader" ? 1 : standbyCount(cluster);
  const alone = gcsBackend(cluster) !== "redis" || context.options.deterministicHeadPodName;
  const step = rolls(cluster)
    ? rollPods(unitsOf(pods.good, context.nowMs), {
        revision: headRevision(cluster),
        desired,
        maxSurge: alone ? 0 : 1,
        // Heads on their way out do not delay their replacement where two may be there.
        leaving: 0,
      })
    : { create: Math.max(0, desired - pods.good.length), remove: pods.good.slice(desired) };
  const removals = step.remove.map((pod) => deletePod(pod, scopes.head, removalReason(cluster, pod), scopes.head));
  if (step.create === 0 || (pods.role === "leader" && staysDown(cluster))) return removals;
  if (alone) {
    if (removals.length > 0) return removals;
    const waits = pods.leaving.map((pod) => (isTerminating(pod) ? overdueInMs(pod, context.nowMs) : 0));
    const waitMs = Math.max(0, ...waits);
    const brokenNow = pods.leaving.some((pod) => !isTerminating(pod));
    // Its deletion wakes us.
    if (brokenNow) return [];
    if (waitMs > 0) return [requeue(scopes.head, waitMs)];
  }
  const creations = Array.from({ length: step.create }, () => createHead(cluster, context, names, pods.role));
  return [...creations, ...removals];
};

const unitsOf = (pods: readonly StoredPod[], nowMs: number): Parameters<typeof rollPods<StoredPod>>[0] =>
  pods.map((item) => ({
    item,
    revision: item.metadata.labels?.[labels.podRevision],
    available: isAvailable(item, nowMs),
  }));

const removalReason = (cluster: RayCluster, pod: StoredPod): string =>
  pod.metadata.labels?.[labels.podRevision] === headRevision(cluster) || !rolls(cluster)
    ? "there are more heads than wanted"
    : "its template has changed";

const createHead = (cluster: RayCluster, context: DecideContext, names: PodNames, role: HeadRole): Action => {
  const prefix = headPodPrefix(cluster.metadata.name);
  const fixed = context.options.deterministicHeadPodName && role === "leader";
  const name = fixed ? prefix : names.next(prefix, role);
  return createPod(buildHeadPod(cluster, name, role, context.options), "HeadPod", scopes.head);
};

/** The user wants to see a head that died, once the cluster was provisioned. */
const staysDown = (cluster: RayCluster): boolean =>
  cluster.metadata.annotations?.[annotations.disableProvisionedHeadRestart] === "true" &&
  conditionIsTrue(cluster.status?.conditions, clusterConditions.provisioned);
