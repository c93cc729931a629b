import type { NodeId } from "../../../base/ids.ts";
import type { NodeRecord } from "../../../protocol/node.ts";
import type { ProxyLocation } from "../../config/index.ts";

/**
 * Nodes that shall have a proxy (reference section 4.1): the head always; with `EveryNode` also each node
 * that holds a replica which is not stopping. A node that drains gets none.
 */
export const proxyNodes = (
  location: ProxyLocation,
  nodes: Iterable<NodeRecord>,
  nodesWithReplicas: ReadonlySet<NodeId>,
): Set<NodeId> => {
  const wanted = new Set<NodeId>();
  if (location === "Disabled") return wanted;
  for (const node of nodes) {
    const holds = location === "EveryNode" && nodesWithReplicas.has(node.nodeId);
    if (!node.draining && (node.isHead || holds)) wanted.add(node.nodeId);
  }
  return wanted;
};
