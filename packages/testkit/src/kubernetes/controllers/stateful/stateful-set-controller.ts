import { resources } from "../../api/resources.ts";
import type { Pod } from "../../kubelet/types.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { controlledBy } from "../objects/ownership.ts";
import { availableInMs, isActive, isReady } from "../objects/pod-state.ts";
import type { StatefulSetObject } from "../objects/types.ts";
import { writeStatus } from "../objects/write-status.ts";
import { type ControllerDeps, queueFor, type StartController } from "../runtime/controller.ts";
import { type Informer, keyOfObject } from "../runtime/informer.ts";
import { enqueueOwners } from "../workloads/enqueue-owners.ts";
import { createMember } from "./create-member.ts";
import { type Revisions, revisionLabel, revisionsOf } from "./revisions.ts";

const source = { component: "statefulset-controller" };

/** Pods with names that stay, one after the other. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */
export const startStatefulSets: StartController = (deps) => {
  const sets = deps.informers.of<StatefulSetObject>(resources.statefulSets);
  const pods = deps.informers.of<Pod>(resources.pods);
  const queue = queueFor(deps, "statefulset", async (key) => {
    const [namespace, name] = key.split("/") as [string, string];
    const set = sets.get(namespace, name);
    if (set === undefined) return undefined;
    const revisions = await revisionsOf(deps, set);
    if (set.metadata.deletionTimestamp === undefined) await advance(deps, set, pods, revisions);
    return report(deps, sets.get(namespace, name) ?? set, members(set, pods), revisions);
  });
  sets.onChange(({ object }) => queue.add(keyOfObject(object)));
  enqueueOwners(pods, sets, "StatefulSet", queue);
  return queue;
};

/** By ordinal. */
const members = (set: StatefulSetObject, pods: Informer<Pod>): Pod[] =>
  controlledBy(set, pods.ownedBy(set.metadata.uid)).toSorted((a, b) => ordinalOf(a) - ordinalOf(b));

const ordinalOf = ({ metadata }: Pod): number => Number(/-(\d+)$/.exec(metadata.name)?.[1] ?? -1);

const hasFailed = ({ status }: Pod): boolean => status?.phase === "Failed" || status?.phase === "Succeeded";

const advance = async (
  deps: ControllerDeps,
  set: StatefulSetObject,
  pods: Informer<Pod>,
  revisions: Revisions,
): Promise<void> => {
  const { replicas = 1, podManagementPolicy, updateStrategy } = set.spec;
  const inOrder = podManagementPolicy !== "Parallel";
  const first = (set.spec as { ordinals?: { start?: number } }).ordinals?.start ?? 0;
  for (let ordinal = first; ordinal < first + replicas; ordinal += 1) {
    const pod = members(set, pods).find((each) => ordinalOf(each) === ordinal);
    if (pod === undefined) await createMember(deps, set, ordinal, revisions);
    else if (hasFailed(pod)) await remove(deps, set, pod);
    if (inOrder && (pod === undefined || !isReady(pod) || !isActive(pod))) return;
  }
  const surplus = members(set, pods).filter((pod) => ordinalOf(pod) < first || ordinalOf(pod) >= first + replicas);
  for (const pod of surplus.toReversed()) {
    if (isActive(pod)) await remove(deps, set, pod);
    if (inOrder) return;
  }
  if (updateStrategy?.type === "OnDelete") return;
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0;
  for (const pod of members(set, pods).toReversed()) {
    if (ordinalOf(pod) < partition) return;
    const isOld = pod.metadata.labels?.[revisionLabel] !== revisions.update.name;
    if (isOld && isActive(pod)) await remove(deps, set, pod);
    // One at a time, and none while one is away.
    if (isOld || !isReady(pod)) return;
  }
};

const remove = async ({ access, events }: ControllerDeps, set: StatefulSetObject, pod: Pod): Promise<void> => {
  await deleteObject(access, resources.pods, pod);
  const message = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
  events.record(set, source, { type: "Normal", reason: "SuccessfulDelete", message });
};

const report = async (
  { access, clock }: ControllerDeps,
  set: StatefulSetObject,
  pods: readonly Pod[],
  { current, update }: Revisions,
): Promise<number | undefined> => {
  const active = pods.filter(isActive);
  const ofRevision = (name: string): number =>
    active.filter(({ metadata }) => metadata.labels?.[revisionLabel] === name).length;
  const waits = active.map((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, clock.wallMs()));
  const ready = active.filter(isReady).length;
  const { replicas = 1 } = set.spec;
  const isDone = ofRevision(update.name) === replicas && ready === replicas && active.length === replicas;
  await writeStatus(access, resources.statefulSets, set, {
    observedGeneration: set.metadata.generation,
    replicas: active.length,
    readyReplicas: ready,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    currentReplicas: ofRevision(isDone ? update.name : current.name),
    updatedReplicas: ofRevision(update.name),
    currentRevision: isDone ? update.name : current.name,
    updateRevision: update.name,
    collisionCount: 0,
  });
  const later = waits.filter((wait) => wait !== undefined && wait > 0) as number[];
  return later.length === 0 ? undefined : Math.min(...later);
};
