import type { NodeRecord, NodeRegistration } from "../../protocol/node.ts";

/** The record of a node that registers. A drain that was begun goes on while the node lives. */
export const aliveRecord = (
  registration: NodeRegistration,
  isHead: boolean,
  before: NodeRecord | undefined,
): NodeRecord => {
  const { inventory: _inventory, exits: _exits, routingVersion: _version, ...node } = registration;
  const known = before?.state === "ALIVE" ? before.drain : null;
  const drain = node.drain === null ? known : earlierDrain(known, node.drain);
  return { ...node, isHead, state: "ALIVE", stateMessage: "", draining: drain !== null, drain, endMs: null };
};

type Drain = NonNullable<NodeRecord["drain"]>;

/** The first reason and the earlier deadline. */
export const earlierDrain = (known: Drain | null, next: Drain): Drain =>
  known === null ? next : { reason: known.reason, deadlineMs: Math.min(known.deadlineMs, next.deadlineMs) };

export const isSameDrain = (a: Drain | null, b: Drain): boolean =>
  a !== null && a.reason === b.reason && a.deadlineMs === b.deadlineMs;
