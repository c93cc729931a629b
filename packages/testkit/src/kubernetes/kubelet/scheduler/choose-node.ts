import { podRequests } from "../pods/resources.ts";
import { parseQuantity } from "../quantity.ts";
import type { NodeObject, Pod } from "../types.ts";
import { domainCounts, refusal, requestedOn, type SchedulerView } from "./filters.ts";

/** Where a pod goes, or why it cannot go anywhere. */
export type Choice =
  | { readonly kind: "bind"; readonly nodeName: string }
  | { readonly kind: "unschedulable"; readonly message: string };

/** Picks the node: one that refuses for no reason, soft spread first, then the emptiest. */
export const chooseNode = (pod: Pod, view: SchedulerView): Choice => {
  const reasons = new Map<string, number>();
  const fitting = view.nodes.filter((node) => {
    const reason = refusal(pod, node, view);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return reason === undefined;
  });
  const [best] = fitting
    .map((node) => ({ node, crowd: crowding(pod, node, view), load: loadOf(pod, node, view) }))
    .toSorted((a, b) => a.crowd - b.crowd || a.load - b.load || (a.node.metadata.name < b.node.metadata.name ? -1 : 1));
  if (best !== undefined) return { kind: "bind", nodeName: best.node.metadata.name };
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted();
  const head = `0/${view.nodes.length} nodes are available`;
  const why = view.nodes.length === 0 ? "no nodes available to schedule pods" : `${head}: ${parts.join(", ")}.`;
  return { kind: "unschedulable", message: why };
};

/** Pods that this one would rather not be near. */
const crowding = (pod: Pod, node: NodeObject, view: SchedulerView): number => {
  const soft = (pod.spec.topologySpreadConstraints ?? []).map(({ topologyKey, labelSelector }) => {
    const counts = domainCounts(pod, topologyKey, labelSelector, view);
    return counts.get(node.metadata.labels?.[topologyKey] ?? "") ?? 0;
  });
  const preferred = pod.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const apart = preferred.map(({ weight, podAffinityTerm: { topologyKey, labelSelector } }) => {
    const counts = domainCounts(pod, topologyKey, labelSelector, view);
    return (weight / 100) * (counts.get(node.metadata.labels?.[topologyKey] ?? "") ?? 0);
  });
  return [...soft, ...apart].reduce((sum, count) => sum + count, 0);
};

/** Part of the node's CPU, memory and pods that would be in use, the fullest of them. */
const loadOf = (pod: Pod, node: NodeObject, view: SchedulerView): number => {
  const used = requestedOn(node, view);
  const wanted = podRequests(pod);
  const allocatable = node.status?.allocatable ?? {};
  return Math.max(
    ...["cpu", "memory", "pods"].map(
      (name) => ((used[name] ?? 0) + (wanted[name] ?? 0)) / Math.max(1e-9, parseQuantity(allocatable[name] ?? "0")),
    ),
  );
};
