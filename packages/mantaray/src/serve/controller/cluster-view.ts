import type { NodeId } from "../../base/ids.ts";
import type { Resources } from "../../protocol/actor.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import type { NodeView } from "./deployment/plan.ts";

/** The nodes of the cluster as the control store last said. */
export class ClusterView {
  readonly #nodes = new Map<NodeId, NodeRecord>();
  /** Rises whenever a node comes, goes, drains or changes what it has. */
  epoch = 0;
  lastChangeMs = 0;

  /** Takes over what the control store says. True when it matters to placement. */
  observe(node: NodeRecord, nowMs: number): boolean {
    const before = this.#nodes.get(node.nodeId);
    if (node.state === "DEAD") this.#nodes.delete(node.nodeId);
    else this.#nodes.set(node.nodeId, node);
    const matters =
      (before === undefined) !== (node.state === "DEAD") ||
      before?.draining !== node.draining ||
      JSON.stringify(before.resources) !== JSON.stringify(node.resources);
    if (matters) this.#changed(nowMs);
    return matters;
  }

  /** After a new subscription: nodes that were not named are gone. True when any is. */
  retain(alive: ReadonlySet<NodeId>, nowMs: number): boolean {
    const gone = [...this.#nodes.keys()].filter((id) => !alive.has(id));
    for (const id of gone) this.#nodes.delete(id);
    if (gone.length > 0) this.#changed(nowMs);
    return gone.length > 0;
  }

  get(id: NodeId): NodeRecord | undefined {
    return this.#nodes.get(id);
  }

  /** Nodes that are alive. */
  alive(): IterableIterator<NodeRecord> {
    return this.#nodes.values();
  }

  /** The same for a decision over replicas that need `resources` each. */
  views(resources: Resources): NodeView[] {
    return [...this.#nodes.values()].map((node) => ({
      id: node.nodeId,
      draining: node.draining,
      fits: fits(node, resources),
    }));
  }

  #changed(nowMs: number): void {
    this.epoch += 1;
    this.lastChangeMs = nowMs;
  }
}

const fits = (node: NodeRecord, resources: Resources): boolean => {
  // A head without CPUs is kept free on purpose, also of replicas that need none.
  if (node.isHead && (node.resources.CPU ?? 0) === 0) return false;
  return Object.entries(resources).every(([name, amount]) => (node.resources[name] ?? 0) >= amount);
};
