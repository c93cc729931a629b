import type { Clock } from "../../base/clock.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Resources } from "../../protocol/actor.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import type { NodeView } from "./deployment/plan.ts";
import { controllerLimits } from "./limits.ts";

/** The nodes of the cluster as the control store last said. */
export class ClusterView {
  readonly #nodes = new Map<NodeId, NodeRecord>();
  readonly #drains = new Map<NodeId, Drain>();
  /** Rises whenever a node comes, goes, drains or changes what it has. */
  epoch = 0;
  lastChangeMs = 0;

  /** Takes over what the control store says. True when it matters to placement. */
  observe(node: NodeRecord, clock: Clock): boolean {
    const before = this.#nodes.get(node.nodeId);
    if (node.state === "DEAD") this.#nodes.delete(node.nodeId);
    else this.#nodes.set(node.nodeId, node);
    const matters =
      (before === undefined) !== (node.state === "DEAD") ||
      before?.draining !== node.draining ||
      before.isHead !== node.isHead ||
      before.drain?.deadlineMs !== node.drain?.deadlineMs ||
      JSON.stringify(before.resources) !== JSON.stringify(node.resources);
    if (!matters) return false;
    this.#followDrain(node, clock);
    this.#changed(clock.nowMs());
    return true;
  }

  /** The node is gone without a word. True when it was known. */
  forget(id: NodeId, nowMs: number): boolean {
    if (!this.#nodes.delete(id)) return false;
    this.#drains.delete(id);
    this.#changed(nowMs);
    return true;
  }

  get(id: NodeId): NodeRecord | undefined {
    return this.#nodes.get(id);
  }

  /** Nodes that are alive. */
  alive(): IterableIterator<NodeRecord> {
    return this.#nodes.values();
  }

  /** The same for a decision over replicas that need `resources` each and stop within `stopGraceMs`. */
  views(resources: Resources, stopGraceMs: number): NodeView[] {
    return [...this.#nodes.values()].map((node) => ({
      id: node.nodeId,
      draining: node.draining,
      drainStopAtMs: stopAtMs(this.#drains.get(node.nodeId), stopGraceMs),
      fits: fits(node, resources),
    }));
  }

  #followDrain(node: NodeRecord, clock: Clock): void {
    if (node.state === "DEAD" || node.drain === null) this.#drains.delete(node.nodeId);
    else {
      const leftMs = Math.max(0, node.drain.deadlineMs - clock.wallMs());
      this.#drains.set(node.nodeId, { seenMs: clock.nowMs(), leftMs });
    }
  }

  #changed(nowMs: number): void {
    this.epoch += 1;
    this.lastChangeMs = nowMs;
  }
}

/** A drain as it was first seen. */
interface Drain {
  readonly seenMs: number;
  readonly leftMs: number;
}

/**
 * When replicas on a draining node stop though nothing has taken their place: early enough for their grace,
 * and with half of the time for the start of others at least.
 */
const stopAtMs = (drain: Drain | undefined, stopGraceMs: number): number | null => {
  if (drain === undefined) return null;
  const reserveMs = Math.min(stopGraceMs + controllerLimits.drainReserveMs, drain.leftMs / 2);
  return drain.seenMs + drain.leftMs - reserveMs;
};

const fits = (node: NodeRecord, resources: Resources): boolean => {
  // A head without CPUs is kept free on purpose, also of replicas that need none.
  if (node.isHead && (node.resources.CPU ?? 0) === 0) return false;
  return Object.entries(resources).every(([name, amount]) => (node.resources[name] ?? 0) >= amount);
};
