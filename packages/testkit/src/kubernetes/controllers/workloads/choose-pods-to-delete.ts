import type { Pod } from "../../kubelet/types.ts";
import { isReady } from "../objects/pod-state.ts";

const deletionCost = "controller.kubernetes.io/pod-deletion-cost";

/** Which of a ReplicaSet's pods go first. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset */
export const choosePodsToDelete = (pods: readonly Pod[], count: number): Pod[] =>
  pods.toSorted((a, b) => compare(rank(a), rank(b))).slice(0, count);

/** Smaller goes first, the first difference decides. */
const rank = (pod: Pod): readonly number[] => [
  pod.spec.nodeName === undefined ? 0 : 1,
  ["Pending", "Unknown", "Running"].indexOf(pod.status?.phase ?? "Pending"),
  isReady(pod) ? 1 : 0,
  Number(pod.metadata.annotations?.[deletionCost] ?? 0),
  -Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
  -Date.parse(pod.metadata.creationTimestamp ?? ""),
];

const compare = (a: readonly number[], b: readonly number[]): number => {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
};
