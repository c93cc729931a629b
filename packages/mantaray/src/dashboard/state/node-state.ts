import type { NodeRecord } from "../../protocol/node.ts";
import type { StateResource } from "./state-row.ts";

/** Nodes in the State API (reference, section 2.4). */
export const nodeState: StateResource<NodeRecord> = {
  name: "nodes",
  idColumn: "node_id",
  id: (node) => node.nodeId,
  filterColumns: ["node_id", "node_ip", "is_head_node", "state", "state_message", "node_name"],
  row: (node) => ({
    node_id: node.nodeId,
    node_ip: node.ip,
    is_head_node: node.isHead,
    state: node.state,
    state_message: node.stateMessage === "" ? null : node.stateMessage,
    node_name: node.name,
    resources_total: node.resources,
    labels: node.labels,
  }),
  detailRow: (node) => ({ start_time_ms: node.startMs, end_time_ms: node.endMs ?? 0 }),
};
