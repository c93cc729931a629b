import type { NodeId } from "../../base/ids.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import { gcsLimits } from "../limits.ts";
import type { Ledger } from "./ledger.ts";

/** The nodes. Every change is written through and told to `onChange`. */
export class NodeTable {
  readonly #byId = new Map<NodeId, NodeRecord>();
  readonly #ledger: Ledger;
  readonly #onChange: (record: NodeRecord) => void;

  constructor(ledger: Ledger, onChange: (record: NodeRecord) => void) {
    this.#ledger = ledger;
    this.#onChange = onChange;
  }

  /** Fills the table with what the store has; nothing is written. */
  restore(records: readonly NodeRecord[]): void {
    for (const record of records) this.#byId.set(record.nodeId, record);
  }

  get(nodeId: NodeId): NodeRecord | undefined {
    return this.#byId.get(nodeId);
  }

  all(): NodeRecord[] {
    return [...this.#byId.values()];
  }

  alive(): NodeRecord[] {
    return this.all().filter(({ state }) => state === "ALIVE");
  }

  /** Puts a record and drops the rows that died first beyond the limit. */
  put(record: NodeRecord): void {
    this.#byId.set(record.nodeId, record);
    this.#ledger.write({ kind: "putNodes", nodes: [record] });
    const dead = this.all()
      .filter(({ state }) => state === "DEAD")
      .toSorted((a, b) => (a.endMs ?? 0) - (b.endMs ?? 0));
    const dropped = dead.slice(0, Math.max(0, dead.length - gcsLimits.deadNodesMax)).map(({ nodeId }) => nodeId);
    if (dropped.length > 0) {
      for (const nodeId of dropped) this.#byId.delete(nodeId);
      this.#ledger.write({ kind: "deleteNodes", nodeIds: dropped });
    }
    this.#onChange(record);
  }
}
