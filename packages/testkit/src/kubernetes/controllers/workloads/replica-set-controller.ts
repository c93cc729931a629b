import { resources } from "../../api/resources.ts";
import { apiTime } from "../../kubelet/clock.ts";
import { messageOf } from "../../kubelet/log.ts";
import type { Pod } from "../../kubelet/types.ts";
import { controllerLimits } from "../limits.ts";
import { withCondition } from "../objects/conditions.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { controlledBy } from "../objects/ownership.ts";
import { podFromTemplate } from "../objects/pod-from-template.ts";
import { availableInMs, isActive, isReady } from "../objects/pod-state.ts";
import { selectsLabels } from "../objects/selects-labels.ts";
import type { ReplicaSetObject } from "../objects/types.ts";
import { writeStatus } from "../objects/write-status.ts";
import { type ControllerDeps, queueFor, type StartController } from "../runtime/controller.ts";
import { type Informer, keyOfObject } from "../runtime/informer.ts";
import { adoptPods } from "./adopt-pods.ts";
import { choosePodsToDelete } from "./choose-pods-to-delete.ts";
import { enqueueOwners } from "./enqueue-owners.ts";

const source = { component: "replicaset-controller" };

/** As many pods as a ReplicaSet says. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
export const startReplicaSets: StartController = (deps) => {
  const sets = deps.informers.of<ReplicaSetObject>(resources.replicaSets);
  const pods = deps.informers.of<Pod>(resources.pods);
  const queue = queueFor(deps, "replicaset", (key) => reconcile(deps, sets, pods, key));
  sets.onChange(({ object }) => queue.add(keyOfObject(object)));
  enqueueOwners(pods, sets, "ReplicaSet", queue);
  return queue;
};

const reconcile = async (
  deps: ControllerDeps,
  sets: Informer<ReplicaSetObject>,
  pods: Informer<Pod>,
  key: string,
): Promise<number | undefined> => {
  const [namespace, name] = key.split("/") as [string, string];
  const set = sets.get(namespace, name);
  if (set === undefined) return undefined;
  let failure: unknown;
  if (set.metadata.deletionTimestamp === undefined) {
    await adoptPods(deps.access, set, pods);
    failure = await scale(deps, set, ownPods(set, pods)).then(
      () => undefined,
      (error: unknown) => error,
    );
  }
  const againMs = await report(deps, sets.get(namespace, name) ?? set, ownPods(set, pods), failure);
  if (failure !== undefined) throw failure;
  return againMs;
};

const ownPods = (set: ReplicaSetObject, pods: Informer<Pod>): Pod[] =>
  controlledBy(set, pods.ownedBy(set.metadata.uid)).filter(isActive);

const scale = async (
  { access, events }: ControllerDeps,
  set: ReplicaSetObject,
  pods: readonly Pod[],
): Promise<void> => {
  const missing = Math.min((set.spec.replicas ?? 1) - pods.length, controllerLimits.podsPerReconcile);
  const named = { generateName: `${set.metadata.name}-` };
  for (let count = 0; count < missing; count += 1) {
    try {
      const pod = await access.create(resources.pods, podFromTemplate(set, set.spec.template ?? {}, named));
      events.record(set, source, {
        type: "Normal",
        reason: "SuccessfulCreate",
        message: `Created pod: ${pod.metadata.name}`,
      });
    } catch (error) {
      const message = `Error creating: ${messageOf(error)}`;
      events.record(set, source, { type: "Warning", reason: "FailedCreate", message });
      throw error;
    }
  }
  for (const pod of choosePodsToDelete(pods, Math.max(0, -missing))) {
    await deleteObject(access, resources.pods, pod);
    events.record(set, source, {
      type: "Normal",
      reason: "SuccessfulDelete",
      message: `Deleted pod: ${pod.metadata.name}`,
    });
  }
};

const report = async (
  { access, clock }: ControllerDeps,
  set: ReplicaSetObject,
  pods: readonly Pod[],
  failure: unknown,
): Promise<number | undefined> => {
  const wallMs = clock.wallMs();
  const waits = pods.map((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, wallMs));
  const { conditions, ...before } = set.status ?? { replicas: 0 };
  const others = (conditions ?? []).filter(({ type }) => type !== "ReplicaFailure");
  const failed = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: messageOf(failure) };
  const now = failure === undefined ? others : withCondition(conditions, failed, apiTime(wallMs));
  await writeStatus(access, resources.replicaSets, set, {
    ...before,
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter(({ metadata }) =>
      selectsLabels({ matchLabels: set.spec.template?.metadata?.labels ?? {} }, metadata.labels),
    ).length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    observedGeneration: set.metadata.generation,
    ...(now.length === 0 ? {} : { conditions: now }),
  });
  const later = waits.filter((wait) => wait !== undefined && wait > 0) as number[];
  return later.length === 0 ? undefined : Math.min(...later);
};
