import type { Clock } from "../../base/clock.ts";
import type { NodeId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { controllerLimits } from "./limits.ts";
import type { ClusterInventory } from "./watch-cluster.ts";

/** What the absences are made of. */
export interface AbsencesDeps {
  readonly clock: Clock;
  /** The actor of this name is believed to be gone. */
  readonly onLost: (name: string) => void;
  /** The node is believed to be gone. */
  readonly onNodeLost: (nodeId: NodeId) => void;
}

/**
 * What was known and is not named by a new subscription. Usually it is gone. But a control store that has
 * lost its data learns what lives from the nodes one after the other: as long as a node is not named, what
 * is on it counts as alive, within a bound. (A node that the control store knows to be dead is named as such.)
 */
export class Absences {
  readonly #deps: AbsencesDeps;
  readonly #nodes = new Map<NodeId, number>();
  readonly #actors = new Map<string, number>();

  constructor(deps: AbsencesDeps) {
    this.#deps = deps;
  }

  /** A subscription has told all it knows. */
  synced(known: { nodes: Iterable<NodeId>; actors: Iterable<ActorRecord> }, inventory: ClusterInventory): void {
    const nowMs = this.#deps.clock.nowMs();
    const dueMs = nowMs + controllerLimits.absentNodeGraceMs;
    for (const nodeId of known.nodes) {
      if (inventory.nodes.has(nodeId)) this.#nodes.delete(nodeId);
      else if (!this.#nodes.has(nodeId)) this.#nodes.set(nodeId, dueMs);
    }
    for (const { actorId, nodeId, spec } of known.actors) {
      if (inventory.actors.has(actorId)) {
        this.#actors.delete(spec.name);
        continue;
      }
      const absent = nodeId === null ? undefined : this.#nodes.get(nodeId);
      if (absent === undefined) this.#lose(spec.name);
      else this.#actors.set(spec.name, absent);
    }
  }

  /** The control store knows the node, alive or dead. */
  nodeSeen(nodeId: NodeId): void {
    this.#nodes.delete(nodeId);
  }

  /** The control store knows the actor. */
  actorSeen(name: string): void {
    this.#actors.delete(name);
  }

  /** Gives up what has been away too long. Returns when to look again, or null. */
  run(): number | null {
    if (this.#nodes.size === 0 && this.#actors.size === 0) return null;
    const nowMs = this.#deps.clock.nowMs();
    for (const [name, dueMs] of this.#actors) if (dueMs <= nowMs) this.#lose(name);
    for (const [nodeId, dueMs] of this.#nodes) {
      if (dueMs > nowMs) continue;
      this.#nodes.delete(nodeId);
      this.#deps.onNodeLost(nodeId);
    }
    const times = [...this.#actors.values(), ...this.#nodes.values()];
    return times.length === 0 ? null : Math.min(...times);
  }

  #lose(name: string): void {
    this.#actors.delete(name);
    this.#deps.onLost(name);
  }
}
