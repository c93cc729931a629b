import type { ActorRecord, Resources } from "../../protocol/actor.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import { phaseOf } from "../actors/lifecycle.ts";
import { addResources } from "./resources.ts";

/** Resources in use on each alive node, every resource of the node named, and the demands of pending actors. */
export const resourceUsage = (
  nodes: readonly NodeRecord[],
  actors: Iterable<ActorRecord>,
): { usage: Record<string, Record<string, number>>; pending: Resources[] } => {
  const usage: Record<string, Record<string, number>> = {};
  for (const { nodeId, resources } of nodes) {
    usage[nodeId] = Object.fromEntries(Object.keys(resources).map((name) => [name, 0]));
  }
  const pending: Resources[] = [];
  for (const record of actors) {
    const phase = phaseOf(record);
    if (phase.kind === "unplaced") pending.push(record.spec.resources);
    if (phase.kind !== "starting" && phase.kind !== "alive") continue;
    const used = usage[phase.nodeId];
    if (used !== undefined) addResources(used, record.spec.resources);
  }
  return { usage, pending };
};
