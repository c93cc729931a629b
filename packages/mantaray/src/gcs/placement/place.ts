import type { ActorId, NodeId } from "../../base/ids.ts";
import {
  groupCount,
  type NodeLoad,
  type PendingActor,
  type PlacedActor,
  type PlacementNode,
  type PlacementPlan,
  take,
} from "./node-load.ts";
import { groupReason, pinReason, resourceReason, unusableReason } from "./reasons.ts";
import { fits, utilization } from "./resources.ts";

/** Places the pending actors one after the other, in the order given; each sees what the ones before it took. */
export const place = (
  nodes: readonly PlacementNode[],
  placed: readonly PlacedActor[],
  pending: readonly PendingActor[],
): PlacementPlan => {
  const loads = new Map<NodeId, NodeLoad>(
    nodes.map((node) => [node.nodeId, { node, used: {}, groups: new Map(), actors: 0 }]),
  );
  for (const { nodeId, resources, group } of placed) {
    const load = loads.get(nodeId);
    if (load !== undefined) take(load, resources, group);
  }
  const assignments = new Map<ActorId, NodeId>();
  const reasons = new Map<ActorId, string>();
  for (const actor of pending) {
    const candidates = candidatesFor(actor, loads);
    if (typeof candidates === "string") {
      reasons.set(actor.actorId, candidates);
      continue;
    }
    const chosen = candidates.reduce((best, each) => (compare(actor, each, best) < 0 ? each : best));
    take(chosen, actor.resources, actor.placement.group);
    assignments.set(actor.actorId, chosen.node.nodeId);
  }
  return { assignments, reasons };
};

/** The nodes that may take the actor, at least one, or the reason why there is none. */
const candidatesFor = (
  actor: PendingActor,
  loads: ReadonlyMap<NodeId, NodeLoad>,
): [NodeLoad, ...NodeLoad[]] | string => {
  const { placement, resources } = actor;
  const allowed = [...loads.values()].filter(
    ({ node }) =>
      (placement.nodeId === undefined || node.nodeId === placement.nodeId) && (!placement.onHead || node.isHead),
  );
  if (allowed.length === 0) return pinReason(placement, loads.size);
  const isBound = actor.restarting && (placement.nodeId !== undefined || placement.onHead);
  const usable = allowed.filter(({ node }) => (!node.draining || isBound) && node.reachable);
  if (usable.length === 0) return unusableReason(allowed);
  const { group, groupPerNodeMax = Infinity } = placement;
  const roomy = usable.filter((load) => groupCount(load, group) < groupPerNodeMax);
  if (roomy.length === 0) return groupReason(usable, group ?? "", groupPerNodeMax);
  const [first, ...rest] = roomy.filter(({ node, used }) => fits(resources, used, node.resources));
  return first === undefined ? resourceReason(roomy, resources) : [first, ...rest];
};

/** Negative when `a` is the better node. */
const compare = (actor: PendingActor, a: NodeLoad, b: NodeLoad): number => {
  const left = rank(actor, a);
  const right = rank(actor, b);
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  // Any order will do as long as it is always the same.
  return a.node.nodeId < b.node.nodeId ? -1 : 1;
};

/** What makes a node worse, most important first. */
const rank = ({ placement, avoid }: PendingActor, load: NodeLoad): number[] => {
  const { node, used, actors } = load;
  const refused = node.nodeId === avoid ? 1 : 0;
  const share = utilization(used, node.resources);
  const headOfGroup = placement.group !== undefined && node.isHead ? 1 : 0;
  if (placement.strategy === "PACK") return [refused, -share, -actors, headOfGroup];
  return [refused, groupCount(load, placement.group), actors, share, headOfGroup];
};
