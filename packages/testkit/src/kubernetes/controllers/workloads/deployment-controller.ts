import { resources } from "../../api/resources.ts";
import type { Pod } from "../../kubelet/types.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { controlledBy } from "../objects/ownership.ts";
import { isActive } from "../objects/pod-state.ts";
import type { DeploymentObject, ReplicaSetObject } from "../objects/types.ts";
import { writeStatus } from "../objects/write-status.ts";
import { type ControllerDeps, queueFor, type StartController } from "../runtime/controller.ts";
import { type Informer, keyOfObject } from "../runtime/informer.ts";
import { currentSet, isOfTemplate, revisionOf } from "./current-set.ts";
import { deploymentStatus } from "./deployment-status.ts";
import { enqueueOwners } from "./enqueue-owners.ts";
import { nextSizes, resolveCount, sizeOf } from "./rolling-update.ts";

const source = { component: "deployment-controller" };

/** Deployments by ReplicaSets, one a template. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */
export const startDeployments: StartController = (deps) => {
  const deployments = deps.informers.of<DeploymentObject>(resources.deployments);
  const sets = deps.informers.of<ReplicaSetObject>(resources.replicaSets);
  const pods = deps.informers.of<Pod>(resources.pods);
  const queue = queueFor(deps, "deployment", (key) => reconcile(deps, { deployments, sets, pods }, key));
  deployments.onChange(({ object }) => queue.add(keyOfObject(object)));
  enqueueOwners(sets, deployments, "Deployment", queue);
  // Recreate waits for the last pod of the old template, which its ReplicaSet does not count any more.
  pods.onChange(({ object, gone }) => {
    const set = gone ? sets.get(object.metadata.namespace, ownerName(object)) : undefined;
    const owner = set?.metadata.ownerReferences?.find(({ kind }) => kind === "Deployment");
    if (owner !== undefined) queue.add(`${object.metadata.namespace ?? ""}/${owner.name}`);
  });
  return queue;
};

interface Caches {
  readonly deployments: Informer<DeploymentObject>;
  readonly sets: Informer<ReplicaSetObject>;
  readonly pods: Informer<Pod>;
}

const ownerName = ({ metadata }: Pod): string =>
  metadata.ownerReferences?.find(({ kind }) => kind === "ReplicaSet")?.name ?? "";

const reconcile = async (deps: ControllerDeps, caches: Caches, key: string): Promise<number | undefined> => {
  const [namespace, name] = key.split("/") as [string, string];
  const deployment = caches.deployments.get(namespace, name);
  if (deployment === undefined) return undefined;
  if (deployment.metadata.deletionTimestamp === undefined) await advance(deps, caches, deployment);
  const seen = caches.deployments.get(namespace, name);
  if (seen === undefined || seen.metadata.uid !== deployment.metadata.uid) return undefined;
  const { status, againMs } = deploymentStatus(seen, setsOf(seen, caches), deps.clock.wallMs());
  await writeStatus(deps.access, resources.deployments, seen, status);
  return againMs;
};

/** Oldest first. */
const setsOf = (deployment: DeploymentObject, { sets }: Caches): ReplicaSetObject[] =>
  controlledBy(deployment, sets.ownedBy(deployment.metadata.uid)).toSorted((a, b) =>
    String(a.metadata.creationTimestamp).localeCompare(String(b.metadata.creationTimestamp)),
  );

const advance = async (deps: ControllerDeps, caches: Caches, deployment: DeploymentObject): Promise<void> => {
  const { spec } = deployment;
  const before = setsOf(deployment, caches);
  const recreates = spec.strategy?.type === "Recreate";
  if (spec.paused === true) {
    const [only, ...more] = before.filter((set) => sizeOf(set) > 0);
    if (only !== undefined && more.length === 0) await resize(deps, deployment, only, spec.replicas ?? 1);
    return;
  }
  if (recreates && !(await removeOld(deps, caches, deployment, before))) return;
  const current = await currentSet(deps, deployment, before);
  const others = setsOf(deployment, caches).filter(({ metadata }) => metadata.uid !== current.metadata.uid);
  if (recreates) await resize(deps, deployment, current, spec.replicas ?? 1);
  else await roll(deps, deployment, current, others);
  await forgetOld(deps, deployment, others);
};

const roll = async (
  deps: ControllerDeps,
  deployment: DeploymentObject,
  current: ReplicaSetObject,
  others: readonly ReplicaSetObject[],
): Promise<void> => {
  const { replicas = 1, strategy } = deployment.spec;
  const { maxSurge: surge, maxUnavailable: unavailable } = strategy?.rollingUpdate ?? {};
  const maxSurge = resolveCount(surge, replicas, Math.ceil);
  const fewer = resolveCount(unavailable, replicas, Math.floor);
  // With neither nothing could ever move.
  const maxUnavailable = Math.min(replicas, maxSurge === 0 && fewer === 0 ? 1 : fewer);
  const sizes = nextSizes({ replicas, maxSurge, maxUnavailable, current, others });
  for (const set of [current, ...others]) {
    const size = sizes.get(set.metadata.uid ?? "");
    if (size !== undefined) await resize(deps, deployment, set, size);
  }
};

const resize = async (
  { access, events }: ControllerDeps,
  deployment: DeploymentObject,
  set: ReplicaSetObject,
  size: number,
): Promise<void> => {
  const before = sizeOf(set);
  if (before === size) return;
  const { namespace, name } = set.metadata;
  await access.mergePatch(resources.replicaSets, namespace === undefined ? { name } : { namespace, name }, {
    spec: { replicas: size },
  });
  const direction = size > before ? "up" : "down";
  const message = `Scaled ${direction} replica set ${name} from ${before} to ${size}`;
  events.record(deployment, source, { type: "Normal", reason: "ScalingReplicaSet", message });
};

/** Whether nothing runs any more of another template than the present one. */
const removeOld = async (
  deps: ControllerDeps,
  { pods }: Caches,
  deployment: DeploymentObject,
  sets: readonly ReplicaSetObject[],
): Promise<boolean> => {
  const old = sets.filter((set) => !isOfTemplate(set, deployment));
  for (const set of old) await resize(deps, deployment, set, 0);
  return old.every((set) =>
    pods.ownedBy(set.metadata.uid).every((pod) => !isActive(pod) && pod.metadata.deletionTimestamp === undefined),
  );
};

const forgetOld = async (
  { access }: ControllerDeps,
  { spec }: DeploymentObject,
  others: readonly ReplicaSetObject[],
): Promise<void> => {
  const idle = others.filter(
    (set) => sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && set.metadata.deletionTimestamp === undefined,
  );
  const surplus = Math.max(0, idle.length - (spec.revisionHistoryLimit ?? 10));
  for (const set of idle.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, surplus))
    await deleteObject(access, resources.replicaSets, set, { propagationPolicy: "Background" });
};
