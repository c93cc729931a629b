import type { PodAffinityTerm, Taint, Toleration } from "kubernetes-types/core/v1.d.ts";
import { podRequests } from "../pods/resources.ts";
import { parseQuantity } from "../quantity.ts";
import { hasEnded, type NodeObject, namespaceOf, type Pod } from "../types.ts";
import { meets, selects } from "./label-selector.ts";

/** What a decision is made on: every node, and every pod that has one. */
export interface SchedulerView {
  readonly nodes: readonly NodeObject[];
  readonly boundPods: readonly Pod[];
}

/** Why a pod cannot be on a node, in the scheduler's words; undefined when it can. */
export const refusal = (pod: Pod, node: NodeObject, view: SchedulerView): string | undefined =>
  taintRefusal(pod, node) ??
  (matchesNode(pod, node) ? undefined : "node(s) didn't match Pod's node affinity/selector") ??
  resourceRefusal(pod, node, view) ??
  affinityRefusal(pod, node, view) ??
  spreadRefusal(pod, node, view);

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
const taintRefusal = (pod: Pod, node: NodeObject): string | undefined => {
  const tolerations = pod.spec.tolerations ?? [];
  const unschedulable: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  if (node.spec?.unschedulable === true && !tolerations.some((one) => tolerates(one, unschedulable)))
    return "node(s) were unschedulable";
  const taint = node.spec?.taints?.find(
    (candidate) => candidate.effect !== "PreferNoSchedule" && !tolerations.some((one) => tolerates(one, candidate)),
  );
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" ? undefined : "node(s) had untolerated taint {node.kubernetes.io/not-ready: }";
};

const tolerates = (toleration: Toleration, taint: Taint): boolean => {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (!toleration.key) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
};

const matchesNode = (pod: Pod, node: NodeObject): boolean => {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some(
    (term) =>
      (term.matchExpressions ?? []).every((requirement) => meets(requirement, labels)) &&
      (term.matchFields ?? []).every((requirement) => meets(requirement, { "metadata.name": node.metadata.name })),
  );
};

/** What is asked of a node already, by resource. */
export const requestedOn = (node: NodeObject, view: SchedulerView): Record<string, number> => {
  const total: Record<string, number> = {};
  for (const pod of podsOn(node, view))
    for (const [name, amount] of Object.entries(podRequests(pod))) total[name] = (total[name] ?? 0) + amount;
  return total;
};

const podsOn = (node: NodeObject, view: SchedulerView): readonly Pod[] =>
  view.boundPods.filter((pod) => pod.spec.nodeName === node.metadata.name && !hasEnded(pod));

const resourceRefusal = (pod: Pod, node: NodeObject, view: SchedulerView): string | undefined => {
  const used = requestedOn(node, view);
  const allocatable = node.status?.allocatable ?? {};
  for (const [name, amount] of Object.entries(podRequests(pod))) {
    if (amount === 0) continue;
    const free = parseQuantity(allocatable[name] ?? "0") - (used[name] ?? 0);
    if (amount > free + 1e-9) return name === "pods" ? "Too many pods" : `Insufficient ${name}`;
  }
  return undefined;
};

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity */
const affinityRefusal = (pod: Pod, node: NodeObject, view: SchedulerView): string | undefined => {
  const own = pod.spec.affinity;
  for (const term of own?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    const others = selectedBy(pod, term, view.boundPods);
    // The first of a group that wants to be together may go anywhere.
    const isFirst = others.length === 0 && selectedBy(pod, term, [pod]).length === 1;
    if (!isFirst && !others.some((other) => sameDomain(other, node, term.topologyKey, view)))
      return "node(s) didn't match pod affinity rules";
  }
  for (const term of own?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (selectedBy(pod, term, view.boundPods).some((other) => sameDomain(other, node, term.topologyKey, view)))
      return "node(s) didn't match pod anti-affinity rules";
  }
  const refusedByOther = view.boundPods.some((other) =>
    (other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(
      (term) => selectedBy(other, term, [pod]).length > 0 && sameDomain(other, node, term.topologyKey, view),
    ),
  );
  return refusedByOther ? "node(s) didn't satisfy existing pods anti-affinity rules" : undefined;
};

const selectedBy = (owner: Pod, term: PodAffinityTerm, pods: readonly Pod[]): Pod[] => {
  const namespaces = term.namespaces?.length ? term.namespaces : [namespaceOf(owner)];
  const anyNamespace = term.namespaceSelector !== undefined;
  return pods.filter(
    (pod) =>
      !hasEnded(pod) &&
      (anyNamespace || namespaces.includes(namespaceOf(pod))) &&
      selects(term.labelSelector, pod.metadata.labels),
  );
};

const sameDomain = (other: Pod, node: NodeObject, topologyKey: string, view: SchedulerView): boolean => {
  const domain = node.metadata.labels?.[topologyKey];
  const home = view.nodes.find(({ metadata }) => metadata.name === other.spec.nodeName);
  return domain !== undefined && home?.metadata.labels?.[topologyKey] === domain;
};

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
const spreadRefusal = (pod: Pod, node: NodeObject, view: SchedulerView): string | undefined => {
  for (const constraint of pod.spec.topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable !== "DoNotSchedule") continue;
    const counts = domainCounts(pod, constraint.topologyKey, constraint.labelSelector, view);
    const count = counts.get(node.metadata.labels?.[constraint.topologyKey] ?? "");
    if (count === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const itself = selects(constraint.labelSelector, pod.metadata.labels) ? 1 : 0;
    const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
    if (count + itself - least > constraint.maxSkew) return "node(s) didn't match pod topology spread constraints";
  }
  return undefined;
};

/** How many selected pods each domain has, of the nodes that the pod could be on at all. */
export const domainCounts = (
  pod: Pod,
  topologyKey: string,
  selector: Parameters<typeof selects>[0],
  view: SchedulerView,
): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const node of view.nodes) {
    const domain = node.metadata.labels?.[topologyKey];
    if (domain === undefined || !matchesNode(pod, node)) continue;
    const here = podsOn(node, view).filter(
      (other) =>
        namespaceOf(other) === namespaceOf(pod) &&
        other.metadata.deletionTimestamp === undefined &&
        selects(selector, other.metadata.labels),
    );
    counts.set(domain, (counts.get(domain) ?? 0) + here.length);
  }
  return counts;
};
