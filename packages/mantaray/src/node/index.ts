/**
 * The node agent: the process that owns every process of a node. Others start it (`startNode`), stop it
 * and find what runs on this machine; they never reach into it.
 */

export type { NodeOptions, ResolvedNodeOptions } from "./options.ts";
export { resolveNodeOptions } from "./options.ts";
export { listLocalNodes, stopLocalNode, sweepOrphans } from "./processes/local-nodes.ts";
export type { NodeHandle, NodeReadiness } from "./spawn-node.ts";
export { spawnNode, startNode } from "./spawn-node.ts";
