import type { ActorId, NodeId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { gcsLimits } from "../limits.ts";
import type { Ledger } from "./ledger.ts";

/** The actors, by id, name and node. Every change is written through and told to `onChange`. */
export class ActorTable {
  readonly #byId = new Map<ActorId, ActorRecord>();
  /** Of each name: the actor that is not dead. */
  readonly #named = new Map<string, ActorId>();
  /** Of each name: the one that died last. */
  readonly #lastDead = new Map<string, ActorId>();
  readonly #onNode = new Map<NodeId, Set<ActorId>>();
  /** Oldest first. */
  readonly #dead = new Set<ActorId>();
  readonly #ledger: Ledger;
  readonly #onChange: (record: ActorRecord) => void;

  constructor(ledger: Ledger, onChange: (record: ActorRecord) => void) {
    this.#ledger = ledger;
    this.#onChange = onChange;
  }

  /** Fills the table with what the store has; nothing is written. */
  restore(records: readonly ActorRecord[]): void {
    const dead = records.filter(({ state }) => state === "DEAD").toSorted((a, b) => (a.endMs ?? 0) - (b.endMs ?? 0));
    const live = records.filter(({ state }) => state !== "DEAD").toSorted((a, b) => a.startMs - b.startMs);
    for (const record of [...dead, ...live]) this.#index(record);
  }

  get(actorId: ActorId): ActorRecord | undefined {
    return this.#byId.get(actorId);
  }

  /** The actor of that name that is not dead. */
  live(namespace: string, name: string): ActorRecord | undefined {
    return this.#at(this.#named, namespace, name);
  }

  /** The actor of that name that is not dead, else the one that died last. */
  named(namespace: string, name: string): ActorRecord | undefined {
    return this.live(namespace, name) ?? this.#at(this.#lastDead, namespace, name);
  }

  /** Those that are not dead and have this node. */
  onNode(nodeId: NodeId): ActorRecord[] {
    return [...(this.#onNode.get(nodeId) ?? [])].flatMap((actorId) => this.#byId.get(actorId) ?? []);
  }

  all(): Iterable<ActorRecord> {
    return this.#byId.values();
  }

  get liveCount(): number {
    return this.#byId.size - this.#dead.size;
  }

  /**
   * Whether an actor made at that time may have died and been dropped: rows go in the order of deaths, so none that is
   * younger than the oldest row kept has gone.
   */
  mayHaveDropped(startMs: number): boolean {
    if (this.#dead.size < gcsLimits.deadActorsMax) return false;
    const [oldest] = this.#dead;
    const endMs = oldest === undefined ? null : this.#byId.get(oldest)?.endMs;
    return startMs <= (endMs ?? 0);
  }

  /** Puts records, atomically, and drops the oldest dead rows beyond the limit. */
  put(...records: readonly ActorRecord[]): void {
    for (const record of records) this.#index(record);
    this.#ledger.write({ kind: "putActors", actors: records });
    const dropped = [...this.#dead].slice(0, Math.max(0, this.#dead.size - gcsLimits.deadActorsMax));
    if (dropped.length > 0) {
      for (const actorId of dropped) this.#drop(actorId);
      this.#ledger.write({ kind: "deleteActors", actorIds: dropped });
    }
    for (const record of records) this.#onChange(record);
  }

  /** Changes what only people read and a restart finds out again: memory and subscribers, not the store. */
  annotate(record: ActorRecord): void {
    this.#byId.set(record.actorId, record);
    this.#onChange(record);
  }

  #at(index: ReadonlyMap<string, ActorId>, namespace: string, name: string): ActorRecord | undefined {
    const actorId = index.get(nameKey(namespace, name));
    return actorId === undefined ? undefined : this.#byId.get(actorId);
  }

  #index(record: ActorRecord): void {
    const { actorId, spec, nodeId, state } = record;
    const before = this.#byId.get(actorId);
    if (before?.nodeId != null) this.#onNode.get(before.nodeId)?.delete(actorId);
    this.#byId.set(actorId, record);
    const key = spec.name === "" ? undefined : nameKey(spec.namespace, spec.name);
    if (state === "DEAD") {
      this.#dead.add(actorId);
      if (key === undefined) return;
      if (this.#named.get(key) === actorId) this.#named.delete(key);
      this.#lastDead.set(key, actorId);
      return;
    }
    // One that makes way for another of its name does not take it back before it is dead.
    if (key !== undefined && (before === undefined || !this.#named.has(key))) this.#named.set(key, actorId);
    if (nodeId === null) return;
    const here = this.#onNode.get(nodeId) ?? new Set();
    this.#onNode.set(nodeId, here.add(actorId));
  }

  #drop(actorId: ActorId): void {
    const record = this.#byId.get(actorId);
    this.#byId.delete(actorId);
    this.#dead.delete(actorId);
    if (record === undefined) return;
    const key = nameKey(record.spec.namespace, record.spec.name);
    if (this.#lastDead.get(key) === actorId) this.#lastDead.delete(key);
  }
}

/** The length makes the pair unambiguous. */
const nameKey = (namespace: string, name: string): string => `${namespace.length}:${namespace}${name}`;
