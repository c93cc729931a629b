import type { NodeId } from "../../../base/ids.ts";
import { controllerLimits } from "../limits.ts";
import type { DeploymentView, ReplicaView } from "./plan.ts";

/** One step of spreading replicas again, e.g. after a node came back. */
export interface MoveStep {
  /** Start one more replica on this node; when it runs, one of the fullest node goes as surplus. */
  readonly startOn?: NodeId;
  /** Stop this one: its node had no room after all. */
  readonly giveUp?: string;
  readonly wakeAtMs: number | null;
}

/**
 * Moves one replica at a time from the fullest to the emptiest node, as long as they differ by two or more
 * and the deployment has been full and quiet for a while. Each move lowers the difference, so it ends.
 */
export const decideMove = (
  view: DeploymentView,
  fresh: readonly ReplicaView[],
  movers: readonly ReplicaView[],
): MoveStep => {
  const mover = movers[0];
  if (mover !== undefined) {
    if (mover.blockedSinceMs === null) return { wakeAtMs: null };
    const dueMs = mover.blockedSinceMs + controllerLimits.blockedMs;
    return view.nowMs >= dueMs ? { giveUp: mover.id, wakeAtMs: null } : { wakeAtMs: dueMs };
  }
  const allRun = fresh.length === view.wanted && fresh.every((replica) => replica.phase === "RUNNING");
  if (!allRun || view.quietSinceMs === null) return { wakeAtMs: null };
  const target = emptiestNode(view, fresh);
  if (target === undefined) return { wakeAtMs: null };
  const dueMs = view.quietSinceMs + controllerLimits.rebalanceQuietMs;
  return view.nowMs >= dueMs ? { startOn: target, wakeAtMs: null } : { wakeAtMs: dueMs };
};

const emptiestNode = (view: DeploymentView, fresh: readonly ReplicaView[]): NodeId | undefined => {
  const counts = new Map<NodeId, number>();
  for (const replica of view.replicas) {
    if (replica.nodeId !== null) counts.set(replica.nodeId, (counts.get(replica.nodeId) ?? 0) + 1);
  }
  let emptiest: { id: NodeId; count: number } | undefined;
  for (const node of view.nodes) {
    if (node.draining || !node.fits) continue;
    const count = counts.get(node.id) ?? 0;
    if (view.replicasPerNodeMax !== null && count >= view.replicasPerNodeMax) continue;
    if (emptiest === undefined || count < emptiest.count) emptiest = { id: node.id, count };
  }
  if (emptiest === undefined) return undefined;
  const fullest = Math.max(
    0,
    ...fresh.map((replica) => (replica.nodeId === null ? 0 : (counts.get(replica.nodeId) ?? 0))),
  );
  return fullest - emptiest.count >= controllerLimits.rebalanceSkewMin ? emptiest.id : undefined;
};
