import type { ActorId, NodeId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { InventoryItem } from "../../protocol/node.ts";
import { type LifecycleEvent, phaseOf } from "../actors/lifecycle.ts";

/** The part of the actor table that is needed. */
export interface KnownActors {
  get(actorId: ActorId): ActorRecord | undefined;
  onNode(nodeId: NodeId): readonly ActorRecord[];
}

/** What follows from an inventory. */
export interface Reconciliation {
  readonly events: readonly (readonly [ActorId, LifecycleEvent])[];
  /** Actors that the node should stop: dead here, or placed elsewhere meanwhile. */
  readonly unwanted: ActorId[];
  /** Actors whose end was asked for: the node may not have heard of it. */
  readonly stopAgain: ActorId[];
  /** Actors that are the node's by agreement of both. */
  readonly adopted: number;
  /** Actors that the table does not know, and what the node says of each. */
  readonly unknown: readonly (readonly [InventoryItem, LifecycleEvent])[];
}

/**
 * Compares what a node has with what it should have. The node is believed about what lives on it; the
 * table about what was replaced while the node was away.
 */
export const reconcileInventory = (
  nodeId: NodeId,
  inventory: readonly InventoryItem[],
  actors: KnownActors,
): Reconciliation => {
  const events: [ActorId, LifecycleEvent][] = [];
  const unwanted: ActorId[] = [];
  const stopAgain: ActorId[] = [];
  const unknown: [InventoryItem, LifecycleEvent][] = [];
  let adopted = 0;
  for (const item of inventory) {
    const record = actors.get(item.actorId);
    if (record === undefined) {
      unknown.push([item, eventOf(nodeId, item)]);
      continue;
    }
    if (!isWantedOn(record, nodeId)) {
      unwanted.push(item.actorId);
      continue;
    }
    adopted += 1;
    events.push([item.actorId, eventOf(nodeId, item)]);
    if (record.stopRequested !== undefined) stopAgain.push(item.actorId);
  }
  const listed = new Set(inventory.map(({ actorId }) => actorId));
  for (const { actorId } of actors.onNode(nodeId)) {
    if (!listed.has(actorId)) events.push([actorId, { kind: "missing", nodeId }]);
  }
  return { events, unwanted, stopAgain, adopted, unknown };
};

/** An actor without a node, because this one was taken for dead, may as well stay where it is. */
const isWantedOn = (record: ActorRecord, nodeId: NodeId): boolean => {
  const phase = phaseOf(record);
  if (phase.kind === "dead") return false;
  return phase.kind === "unplaced" || phase.nodeId === nodeId;
};

const eventOf = (nodeId: NodeId, item: InventoryItem): LifecycleEvent => {
  const { workerId, pid, addresses, restarts } = item;
  return item.state === "ALIVE" && addresses !== null
    ? { kind: "ready", nodeId, workerId, pid, addresses, restarts }
    : { kind: "starting", nodeId, restarts };
};
