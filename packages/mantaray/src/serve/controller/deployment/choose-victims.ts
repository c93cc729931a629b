import type { ReplicaView } from "./plan.ts";

/**
 * The `count` replicas of `candidates` that go: first those without a place, then those that start, then
 * one after the other from the node that holds most of `all`, so that the rest stay spread; of those the least
 * busy. Ties go to the greater id, so that the choice is repeatable. (Callers pass what is on draining nodes
 * first.)
 */
export const chooseVictims = (
  candidates: readonly ReplicaView[],
  all: readonly ReplicaView[],
  count: number,
): ReplicaView[] => {
  if (count <= 0) return [];
  if (count >= candidates.length) return [...candidates];
  const starting = candidates.filter((replica) => replica.phase === "STARTING");
  const victims = starting.toSorted((left, right) => rank(left) - rank(right) || byId(left, right)).slice(0, count);
  if (victims.length === count) return victims;

  const running = candidates.filter((replica) => replica.phase !== "STARTING");
  const byNode = new Map<string, ReplicaView[]>();
  for (const replica of running.toSorted((left, right) => right.ongoing - left.ongoing || -byId(left, right))) {
    const key = replica.nodeId ?? "";
    byNode.set(key, [...(byNode.get(key) ?? []), replica]);
  }
  const perNode = new Map<string, number>();
  for (const replica of all) {
    const key = replica.nodeId ?? "";
    perNode.set(key, (perNode.get(key) ?? 0) + 1);
  }
  while (victims.length < count) {
    const fullest = fullestNode(byNode, perNode);
    if (fullest === undefined) break;
    const victim = byNode.get(fullest)?.pop();
    if (victim === undefined) break;
    perNode.set(fullest, (perNode.get(fullest) ?? 1) - 1);
    victims.push(victim);
  }
  return victims;
};

const rank = (replica: ReplicaView): number => (replica.blockedSinceMs !== null ? 0 : replica.nodeId === null ? 1 : 2);

const byId = (left: ReplicaView, right: ReplicaView): number => (left.id < right.id ? 1 : -1);

const fullestNode = (
  byNode: ReadonlyMap<string, readonly ReplicaView[]>,
  perNode: ReadonlyMap<string, number>,
): string | undefined => {
  let best: string | undefined;
  for (const [node, replicas] of byNode) {
    if (replicas.length === 0) continue;
    if (best === undefined || (perNode.get(node) ?? 0) > (perNode.get(best) ?? 0)) best = node;
  }
  return best;
};
