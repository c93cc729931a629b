import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { WorkerGroupSpec } from "../../api/ray-cluster-spec.ts";
import { wantedReplicas } from "../../api/worker-replicas.ts";
import type { Stored } from "../../kube/objects.ts";
import type { Action } from "../../kube/plan.ts";
import { workerPodPrefix } from "../build/names.ts";
import { buildWorkerPod, type WorkerSlot } from "../build/worker-pod.ts";
import { clusterLimits } from "../limits.ts";
import type { ObservedCluster } from "../observed-cluster.ts";
import { PodNames } from "../pod-names.ts";
import { failureOf, isTerminating, isWorker, overdueInMs } from "../pod-state.ts";
import { workerRevision } from "../revision.ts";
import { type DecideContext, requeue, scopes } from "./decide-context.ts";
import { headsAreDone, rolls } from "./decide-heads.ts";
import { bounded, createPod, deletePod } from "./pod-actions.ts";
import { freeIndexes, isWhole, type Replica, replicasOf } from "./replicas.ts";
import { rollPods } from "./roll-pods.ts";

type StoredPod = Stored<Pod>;

/** The worker pods of all groups, each group for itself, and those of groups that are gone. */
export const decideWorkers = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const groups = observed.cluster.spec.workerGroupSpecs ?? [];
  const known = new Set(groups.map(({ groupName }) => groupName));
  const orphans = observed.pods.filter((pod) => isWorker(pod) && !isTerminating(pod) && !known.has(groupOf(pod)));
  return [
    ...groups.flatMap((group) => decideGroup(observed, group, context)),
    ...bounded(
      orphans.map((pod) => deletePod(pod, scopes.group(groupOf(pod)), `its group ${groupOf(pod)} is gone`)),
      scopes.pods,
    ),
  ];
};

const groupOf = (pod: StoredPod): string => pod.metadata.labels?.[labels.group] ?? "";

const decideGroup = (observed: ObservedCluster, group: WorkerGroupSpec, context: DecideContext): Action[] => {
  const scope = scopes.group(group.groupName);
  const waitMs = context.waitMs(scope);
  if (waitMs > 0) return [requeue(scope, waitMs)];
  const pods = observed.pods.filter((pod) => isWorker(pod) && groupOf(pod) === group.groupName);
  const present = replicasOf(
    group,
    pods.filter((pod) => !isTerminating(pod)),
    context.nowMs,
  );
  const doomed = doomedReplicas(observed.cluster, group, present);
  const kept = present.filter((replica) => !doomed.has(replica));
  const goal = {
    desired: group.numOfHosts === 0 ? 0 : wantedReplicas(observed.cluster.spec, group),
    revision: workerRevision(observed.cluster, group),
    leaving: leavingCount(group, pods, doomed.size, context.nowMs),
  };
  const step = rolls(observed.cluster)
    ? rollStep(observed, kept, goal, context)
    : scaleStep(observed, kept, goal.desired, context);
  const deletions = [
    ...[...doomed].flatMap(([replica, why]) => replica.pods.map((pod) => deletePod(pod, scope, why, scope))),
    ...step.remove.flatMap(({ replica, why }) => replica.pods.map((pod) => deletePod(pod, scope, why, scope))),
  ];
  // Time alone can make the next step due.
  const again = rolls(observed.cluster) && present.some(({ revision }) => revision !== goal.revision);
  const creations = createReplicas(observed, group, kept, step.create, context);
  const later = again ? [requeue(scope, clusterLimits.rollRequeueMs)] : [];
  return [...bounded([...deletions, ...creations], scope), ...later];
};

/** Replicas that have to go whatever the count, and why: a whole replica goes when one of its pods does. */
const doomedReplicas = (
  cluster: RayCluster,
  group: WorkerGroupSpec,
  replicas: readonly Replica[],
): Map<Replica, string> => {
  // The head that carried the former hash may be gone before its workers.
  const wanted = cluster.spec.upgradeStrategy?.type === "Recreate" ? workerRevision(cluster, group) : undefined;
  const named = new Set(group.scaleStrategy?.workersToDelete ?? []);
  const doomed = new Map<Replica, string>();
  for (const replica of replicas) {
    const failure = replica.pods.map(failureOf).find((why) => why !== undefined);
    if (failure !== undefined) doomed.set(replica, failure);
    else if (replica.pods.some((pod) => named.has(pod.metadata.name))) doomed.set(replica, "workersToDelete names it");
    else if (wanted !== undefined && (replica.revision ?? wanted) !== wanted)
      doomed.set(replica, "its template has changed");
    else if (!isWhole(group, replica)) doomed.set(replica, "its replica does not have all its hosts");
  }
  return doomed;
};

interface GroupStep {
  readonly create: number;
  readonly remove: readonly { readonly replica: Replica; readonly why: string }[];
}

const surplus = "there are more workers than wanted";

/** With autoscaling only the autoscaler says who goes, by `workersToDelete` (reference, section 2.11). */
const scaleStep = (
  { cluster }: ObservedCluster,
  kept: readonly Replica[],
  desired: number,
  { options }: DecideContext,
): GroupStep => {
  const named = cluster.spec.enableInTreeAutoscaling === true && !options.randomPodDelete;
  return {
    create: Math.max(0, desired - kept.length),
    remove: named ? [] : kept.slice(desired).map((replica) => ({ replica, why: surplus })),
  };
};

/** Workers follow the heads: a new control plane knows old nodes, not the other way round. */
const rollStep = (
  observed: ObservedCluster,
  kept: readonly Replica[],
  goal: { readonly desired: number; readonly revision: string; readonly leaving: number },
  context: DecideContext,
): GroupStep => {
  const isOld = kept.some(({ revision }) => revision !== goal.revision);
  if (!isOld || !headsAreDone(observed, context.nowMs)) return scaleStep(observed, kept, goal.desired, context);
  const units = kept.map((item) => ({ item, revision: item.revision, available: item.available }));
  const step = rollPods(units, goal);
  return {
    create: step.create,
    remove: step.remove.map((replica) => ({
      replica,
      why: replica.revision === goal.revision ? surplus : "its template has changed",
    })),
  };
};

/** Replicas on their way out that hold resources still. */
const leavingCount = (group: WorkerGroupSpec, pods: readonly StoredPod[], doomed: number, nowMs: number): number => {
  const leaving = pods.filter((pod) => isTerminating(pod) && overdueInMs(pod, nowMs) > 0);
  return Math.ceil(leaving.length / Math.max(1, group.numOfHosts)) + doomed;
};

const createReplicas = (
  observed: ObservedCluster,
  group: WorkerGroupSpec,
  kept: readonly Replica[],
  count: number,
  context: DecideContext,
): Action[] => {
  const { cluster } = observed;
  if (count === 0) return [];
  const refused = group.scaleStrategy?.workersToDelete ?? [];
  const names = new PodNames(cluster.metadata.uid, observed.podNames, refused);
  const replicaNames = new PodNames(cluster.metadata.uid, new Set(observed.pods.map(replicaNameOf)));
  const prefix = workerPodPrefix(cluster.metadata.name, group.groupName);
  return freeIndexes(kept, count).flatMap((replicaIndex) => {
    const purpose = `${group.groupName}/${replicaIndex}`;
    const replicaName = group.numOfHosts > 1 ? replicaNames.next(replicaPrefix(group), purpose) : undefined;
    return Array.from({ length: group.numOfHosts }, (_, index) => {
      const slot: WorkerSlot = { replicaIndex, ...(replicaName === undefined ? {} : { host: { replicaName, index } }) };
      const pod = buildWorkerPod(cluster, group, names.next(prefix, `${purpose}/${index}`), slot, context.options);
      return createPod(pod, "WorkerPod", scopes.group(group.groupName));
    });
  });
};

/** Short enough that a name made of it fits into a label. */
const replicaPrefix = ({ groupName }: WorkerGroupSpec): string => groupName.slice(0, 57);

const replicaNameOf = (pod: StoredPod): string => pod.metadata.labels?.[labels.replicaName] ?? "";
