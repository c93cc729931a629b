import type { KubeObject } from "../../api/objects.ts";
import type { StoredEvent, StoreListener } from "./stored-event.ts";

/** The objects of one kind, in the order of their keys, with the latest changes. */
export class Collection {
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Set<StoreListener>();
  readonly #historyMax: number;
  #history: StoredEvent[] = [];
  /** Changes up to this version are not known (any more). */
  #forgotten: number;
  /** All objects by key; made when asked for and dropped with the next change. */
  #sorted: readonly KubeObject[] | undefined;
  #sortedKeys: readonly string[] | undefined;

  constructor(historyMax: number, revision: number) {
    this.#historyMax = historyMax;
    this.#forgotten = revision;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  /** All objects, by namespace and name. Do not change the array. */
  all(): readonly KubeObject[] {
    this.#sortedKeys ??= [...this.#objects.keys()].toSorted(byText);
    this.#sorted ??= this.#sortedKeys.map((key) => this.#objects.get(key) as KubeObject);
    return this.#sorted;
  }

  put(object: KubeObject, revision: number): StoredEvent {
    const key = keyOfObject(object);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    if (previous === undefined) this.#sortedKeys = undefined;
    this.#sorted = undefined;
    return this.#record({ revision, object, previous, removed: false });
  }

  remove(last: KubeObject, revision: number): StoredEvent {
    const key = keyOfObject(last);
    const previous = this.#objects.get(key);
    this.#objects.delete(key);
    this.#sortedKeys = undefined;
    this.#sorted = undefined;
    return this.#record({ revision, object: last, previous, removed: true });
  }

  /** The changes after a version, oldest first; undefined when some of them are forgotten. */
  since(revision: number): readonly StoredEvent[] | undefined {
    if (revision < this.#forgotten) return undefined;
    let from = this.#history.length;
    while (from > 0 && (this.#history[from - 1] as StoredEvent).revision > revision) from -= 1;
    return this.#history.slice(from);
  }

  /** All objects as they were at a version, by namespace and name; undefined when that is forgotten. */
  at(revision: number): readonly KubeObject[] | undefined {
    const since = this.since(revision);
    if (since === undefined || since.length === 0) return since === undefined ? undefined : this.all();
    const objects = new Map(this.#objects);
    for (const { object, previous } of since.toReversed()) {
      const key = keyOfObject(object);
      if (previous === undefined) objects.delete(key);
      else objects.set(key, previous);
    }
    return [...objects.keys()].toSorted(byText).map((key) => objects.get(key) as KubeObject);
  }

  /** The oldest version that `since` can start from. */
  get oldestRevision(): number {
    return this.#forgotten;
  }

  listen(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: StoredEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Dropped in halves: one copy in `historyMax / 2` changes. */
  #record(event: StoredEvent): StoredEvent {
    this.#history.push(event);
    if (this.#history.length > this.#historyMax) {
      const dropped = Math.ceil(this.#historyMax / 2);
      this.#forgotten = (this.#history[dropped - 1] as StoredEvent).revision;
      this.#history = this.#history.slice(dropped);
    }
    return event;
  }
}

const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** What objects are ordered by. */
export const keyOfObject = ({ metadata }: KubeObject): string => keyOf(metadata.namespace, metadata.name);

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
