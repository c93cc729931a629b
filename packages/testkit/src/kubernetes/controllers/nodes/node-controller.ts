import type { Lease } from "kubernetes-types/coordination/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import { apiTime } from "../../kubelet/clock.ts";
import { markNotReady } from "../../kubelet/pods/mark-not-ready.ts";
import { type NodeObject, namespaceOf, type Pod } from "../../kubelet/types.ts";
import { controllerLimits } from "../limits.ts";
import { conditionOf } from "../objects/conditions.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { type Controller, type ControllerDeps, queueFor } from "../runtime/controller.ts";
import { evictionInMs } from "./eviction.ts";

const leaseNamespace = "kube-node-lease";
const notReady = "node.kubernetes.io/not-ready";
const unreachable = "node.kubernetes.io/unreachable";
const outOfService = "node.kubernetes.io/out-of-service";

/**
 * Nodes whose kubelet is silent are NotReady and tainted; their pods are not ready, and are evicted in time.
 * https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller
 */
export const startNodes = (deps: ControllerDeps, graceMs: number = controllerLimits.nodeMonitorGraceMs): Controller => {
  const nodes = deps.informers.of<NodeObject>(resources.nodes);
  const queue = queueFor(deps, "node", async (name) => {
    const node = nodes.get(undefined, name);
    if (node === undefined) {
      // Nobody will end them. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection
      for (const pod of podsOn(deps, name))
        await deleteObject(deps.access, resources.pods, pod, { gracePeriodSeconds: 0 });
      return undefined;
    }
    await judge(deps, node, graceMs);
    const present = nodes.get(undefined, name);
    const againMs = present === undefined ? undefined : await evict(deps, present);
    return Math.min(againMs ?? Infinity, controllerLimits.nodeMonitorMs);
  });
  nodes.onChange(({ object }) => queue.add(object.metadata.name));
  deps.informers.of<Pod>(resources.pods).onChange(({ object, previous }) => {
    const { nodeName } = object.spec;
    const isNew =
      previous?.spec.nodeName !== nodeName ||
      previous?.metadata.deletionTimestamp !== object.metadata.deletionTimestamp;
    if (nodeName !== undefined && isNew && (nodes.get(undefined, nodeName)?.spec?.taints ?? []).length > 0)
      queue.add(nodeName);
  });
  return queue;
};

const podsOn = ({ informers }: ControllerDeps, name: string): Pod[] =>
  informers
    .of<Pod>(resources.pods)
    .all()
    .filter(({ spec }) => spec.nodeName === name);

const judge = async (deps: ControllerDeps, node: NodeObject, graceMs: number): Promise<void> => {
  const { access, clock, informers, events } = deps;
  const { name, creationTimestamp } = node.metadata;
  const lease = informers.of<KubeObject & Lease>(resources.leases).get(leaseNamespace, name);
  const heardMs = Date.parse(lease?.spec?.renewTime ?? creationTimestamp ?? "");
  const now = apiTime(clock.wallMs());
  let ready = conditionOf(node.status?.conditions, "Ready")?.status;
  if (clock.wallMs() - heardMs > graceMs && ready !== "Unknown") {
    const conditions = (node.status?.conditions ?? []).map((condition) => ({
      ...condition,
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
      lastTransitionTime: now,
    }));
    await access.mergePatch(resources.nodes, { name }, { status: { conditions } }, "status");
    const message = `Node ${name} status is now: NodeNotReady`;
    events.record(node, { component: "node-controller" }, { type: "Normal", reason: "NodeNotReady", message });
    ready = "Unknown";
  }
  await taint(deps, name, ready, now);
  if (ready !== "True") for (const pod of podsOn(deps, name)) await markNotReady(deps.access, pod, now);
};

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions */
const taint = async (
  { access, informers }: ControllerDeps,
  name: string,
  ready: string | undefined,
  now: string,
): Promise<void> => {
  const node = informers.of<NodeObject>(resources.nodes).get(undefined, name);
  if (node === undefined) return;
  const before = node.spec?.taints ?? [];
  const key = ready === "True" ? undefined : ready === "Unknown" ? unreachable : notReady;
  const others = before.filter((each) => each.key !== unreachable && each.key !== notReady);
  const own = (["NoSchedule", "NoExecute"] as const).map(
    (effect) => before.find((each) => each.key === key && each.effect === effect) ?? { key, effect, timeAdded: now },
  );
  const taints = key === undefined ? others : [...others, ...own];
  if (texts(taints) === texts(before)) return;
  await access.mergePatch(resources.nodes, { name }, { spec: { taints: taints.length === 0 ? null : taints } });
};

/** To compare lists in any order. */
const texts = (list: readonly object[]): string =>
  list
    .map((each) => JSON.stringify(each))
    .toSorted()
    .join();

/** In how many ms the next pod is due. */
const evict = async (deps: ControllerDeps, node: NodeObject): Promise<number | undefined> => {
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");
  if (taints.length === 0) return undefined;
  const isGivenUp = taints.some(({ key }) => key === outOfService);
  let next: number | undefined;
  for (const pod of podsOn(deps, node.metadata.name)) {
    const isTerminating = pod.metadata.deletionTimestamp !== undefined;
    if (isGivenUp && isTerminating) await deleteObject(deps.access, resources.pods, pod, { gracePeriodSeconds: 0 });
    if (isTerminating) continue;
    const waitMs = evictionInMs(pod, taints, deps.clock.wallMs());
    if (waitMs > 0) {
      next = Math.min(next ?? Infinity, waitMs);
      continue;
    }
    const message = `Marking for deletion Pod ${namespaceOf(pod)}/${pod.metadata.name}`;
    deps.events.record(
      pod,
      { component: "taint-eviction-controller" },
      { type: "Normal", reason: "TaintManagerEviction", message },
    );
    await deleteObject(deps.access, resources.pods, pod);
  }
  return next;
};
