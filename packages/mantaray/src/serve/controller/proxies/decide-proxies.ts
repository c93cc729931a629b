import type { NodeId } from "../../../base/ids.ts";
import type { NodeRecord } from "../../../protocol/node.ts";
import type { ProxyLocation } from "../../config/index.ts";

/**
 * Nodes that shall have a proxy (reference section 4.1): the head always, and a head that stands by; with
 * `EveryNode` also each node that holds a replica which is not stopping. A node that drains gets none.
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
    if (!node.draining && (mayLead(node) || holds)) wanted.add(node.nodeId);
  }
  return wanted;
};

/**
 * Whether a node leads, or carries a control store that waits to. Its proxy serves before it leads: started only
 * then, a cold process would take the cores, and a share of the traffic, just when the cluster recovers.
 */
export const mayLead = ({ isHead, gcsAddress }: NodeRecord): boolean => isHead || gcsAddress !== "";
