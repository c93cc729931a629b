import type { ActorId, NodeId } from "../base/ids.ts";
import type { ActorRecord } from "../protocol/actor.ts";
import type { ClusterEvent } from "../protocol/gcs.ts";
import type { NodeRecord } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import type { StoredTables } from "./control-store.ts";
import { storeLimits } from "./limits.ts";
import type { KvEntry, Mutation } from "./mutation.ts";

/** The tables as maps: what a sequence of mutations amounts to. */
export class TableState {
  /** Newest epoch ever granted; 0 for none. */
  epoch = 0;
  readonly #nodes = new Map<NodeId, NodeRecord>();
  readonly #actors = new Map<ActorId, ActorRecord>();
  readonly #kv = new Map<string, KvEntry>();
  #routing: RoutingSnapshot | null = null;
  #events: ClusterEvent[] = [];

  apply(mutation: Mutation): void {
    switch (mutation.kind) {
      case "lease":
        this.epoch = Math.max(this.epoch, mutation.epoch);
        return;
      case "reset":
        this.#nodes.clear();
        this.#actors.clear();
        this.#kv.clear();
        this.#routing = null;
        this.#events = [];
        return;
      case "putNodes":
        for (const node of mutation.nodes) this.#nodes.set(node.nodeId, node);
        return;
      case "deleteNodes":
        for (const nodeId of mutation.nodeIds) this.#nodes.delete(nodeId);
        return;
      case "putActors":
        for (const actor of mutation.actors) this.#actors.set(actor.actorId, actor);
        return;
      case "deleteActors":
        for (const actorId of mutation.actorIds) this.#actors.delete(actorId);
        return;
      case "putKv": {
        const { namespace, key, value } = mutation;
        this.#kv.set(kvId(namespace, key), { namespace, key, value });
        return;
      }
      case "deleteKv":
        this.#kv.delete(kvId(mutation.namespace, mutation.key));
        return;
      case "putRouting":
        this.#routing = mutation.snapshot;
        return;
      case "appendEvent":
        this.#events.push(mutation.event);
        // Cut in steps: a shift for every event would copy the list each time.
        if (this.#events.length > storeLimits.eventsMax * 1.5) this.#events = this.#newestEvents();
        return;
    }
  }

  /** A copy of the tables; the records are shared. */
  tables(): StoredTables {
    return {
      nodes: [...this.#nodes.values()],
      actors: [...this.#actors.values()],
      kv: [...this.#kv.values()],
      routing: this.#routing,
      events: this.#newestEvents(),
    };
  }

  /** The mutations that rebuild this state from nothing: the content of a snapshot. */
  mutations(): Mutation[] {
    const { nodes, actors, kv, routing, events } = this.tables();
    return [
      { kind: "lease", epoch: this.epoch },
      ...nodes.map((node): Mutation => ({ kind: "putNodes", nodes: [node] })),
      ...actors.map((actor): Mutation => ({ kind: "putActors", actors: [actor] })),
      ...kv.map((entry): Mutation => ({ kind: "putKv", ...entry })),
      ...(routing === null ? [] : [{ kind: "putRouting", snapshot: routing } as const]),
      ...events.map((event): Mutation => ({ kind: "appendEvent", event })),
    ];
  }

  #newestEvents(): ClusterEvent[] {
    return this.#events.slice(-storeLimits.eventsMax);
  }
}

/** Lengths make the pair unambiguous whatever characters it holds. */
const kvId = (namespace: string, key: string): string => `${namespace.length}:${namespace}${key}`;
