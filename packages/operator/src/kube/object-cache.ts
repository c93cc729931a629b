import type { CacheView } from "./cache-view.ts";
import { type KubeObject, keyOf, type ObjectRef, type Stored } from "./objects.ts";

/** How an object of a cache changed. `old` of a deletion is its last known state. */
export type CacheChange<T extends KubeObject> =
  | { readonly type: "added"; readonly object: Stored<T>; readonly old?: undefined }
  | { readonly type: "updated"; readonly object: Stored<T>; readonly old: Stored<T> }
  | { readonly type: "deleted"; readonly object?: undefined; readonly old: Stored<T> };

/** What a cache is told at its making. */
export interface ObjectCacheOptions<T extends KubeObject> {
  /** Labels by which `byLabel` is quick. */
  readonly labels?: readonly string[];
  /** Objects of others that the server cannot tell apart by a selector are not kept. Default: all are. */
  readonly keeps?: (object: Stored<T>) => boolean;
  /** What is kept of an object. Default: all but `managedFields`. */
  readonly trim?: (object: Stored<T>) => Stored<T>;
}

/** Objects of one resource in memory, fed by informers (one a namespace, or one for all). */
export class ObjectCache<T extends KubeObject> implements CacheView<T> {
  readonly #trim: (object: Stored<T>) => Stored<T>;
  readonly #keeps: (object: Stored<T>) => boolean;
  readonly #objects = new Map<string, Stored<T>>();
  /** Label → `namespace/value` → key. */
  readonly #indexes: ReadonlyMap<string, Map<string, Set<string>>>;
  readonly #handlers = new Set<(change: CacheChange<T>) => void>();

  constructor(options: ObjectCacheOptions<T> = {}) {
    this.#trim = options.trim ?? withoutManagedFields;
    this.#keeps = options.keeps ?? (() => true);
    this.#indexes = new Map((options.labels ?? []).map((label) => [label, new Map()]));
  }

  get size(): number {
    return this.#objects.size;
  }

  get(ref: ObjectRef): Stored<T> | undefined {
    return this.#objects.get(keyOf(ref));
  }

  list(namespace?: string): readonly Stored<T>[] {
    const all = [...this.#objects.values()];
    return (namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace)).toSorted(
      byAge,
    );
  }

  byLabel(namespace: string, label: string, value: string): readonly Stored<T>[] {
    const index = this.#indexes.get(label);
    if (index === undefined) return this.list(namespace).filter((object) => object.metadata.labels?.[label] === value);
    const keys = [...(index.get(`${namespace}/${value}`) ?? [])];
    return keys
      .map((key) => this.#objects.get(key))
      .filter((object) => object !== undefined)
      .toSorted(byAge);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** Every change from now on, synchronously. Returns how to end it. */
  subscribe(handler: (change: CacheChange<T>) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Takes an object as the server sent it. The same version again is no change. */
  put(sent: Stored<T>): void {
    const key = keyOf(sent.metadata);
    if (!this.#keeps(sent)) {
      this.remove(key);
      return;
    }
    const object = this.#trim(sent);
    const old = this.#objects.get(key);
    if (old?.metadata.uid === object.metadata.uid && old.metadata.resourceVersion === object.metadata.resourceVersion)
      return;
    this.#unindex(key, old);
    this.#objects.set(key, object);
    this.#index(key, object);
    if (old === undefined) this.#tell({ type: "added", object });
    else if (old.metadata.uid === object.metadata.uid) this.#tell({ type: "updated", object, old });
    else {
      // Deleted and made again while nobody looked: two changes, since handlers go by identity.
      this.#tell({ type: "deleted", old });
      this.#tell({ type: "added", object });
    }
  }

  remove(key: string): void {
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#objects.delete(key);
    this.#unindex(key, old);
    this.#tell({ type: "deleted", old });
  }

  #tell(change: CacheChange<T>): void {
    for (const handler of this.#handlers) handler(change);
  }

  #index(key: string, object: Stored<T>): void {
    for (const [label, index] of this.#indexes) {
      const at = placeOf(object, label);
      if (at === undefined) continue;
      const keys = index.get(at) ?? new Set<string>();
      index.set(at, keys.add(key));
    }
  }

  #unindex(key: string, object: Stored<T> | undefined): void {
    if (object === undefined) return;
    for (const [label, index] of this.#indexes) {
      const at = placeOf(object, label);
      const keys = at === undefined ? undefined : index.get(at);
      if (at === undefined || keys === undefined) continue;
      keys.delete(key);
      if (keys.size === 0) index.delete(at);
    }
  }
}

const placeOf = (object: Stored, label: string): string | undefined => {
  const value = object.metadata.labels?.[label];
  return value === undefined ? undefined : `${object.metadata.namespace ?? ""}/${value}`;
};

const byAge = (left: Stored, right: Stored): number =>
  compare(left.metadata.creationTimestamp, right.metadata.creationTimestamp) ||
  compare(left.metadata.name, right.metadata.name);

const compare = (left: string | undefined, right: string | undefined): number =>
  left === right ? 0 : (left ?? "") < (right ?? "") ? -1 : 1;

const withoutManagedFields = <T extends KubeObject>(object: Stored<T>): Stored<T> => {
  const { managedFields: _, ...metadata } = object.metadata as Stored<T>["metadata"] & { managedFields?: unknown };
  return { ...object, metadata };
};
