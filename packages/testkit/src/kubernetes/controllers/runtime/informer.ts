import type { ApiAccess } from "../../api/access.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";

/** One change of an object, as a controller hears of it. */
export interface Change<T extends KubeObject> {
  readonly object: T;
  /** Undefined: it is new. */
  readonly previous: T | undefined;
  readonly gone: boolean;
}

/**
 * All objects of a resource, as they are at this moment: a watch is told before the write that caused it returns. So
 * controllers see their own writes and need no expectations.
 */
export class Informer<T extends KubeObject = KubeObject> {
  readonly resource: ResourceId;
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Map<string, T>>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];
  readonly #watch: { close(): void };

  constructor(access: ApiAccess, resource: ResourceId) {
    this.resource = resource;
    this.#watch = access.watch(resource, {}, ({ type, object }) => this.#onEvent(object as T, type === "DELETED"));
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  inNamespace(namespace: string | undefined): readonly T[] {
    return this.#indexed(`namespace ${namespace ?? ""}`);
  }

  /** Those whose owner references name the uid. */
  ownedBy(uid: string | undefined): readonly T[] {
    return uid === undefined ? [] : this.#indexed(`owner ${uid}`);
  }

  /** Those of a namespace with all these labels. */
  labelled(namespace: string | undefined, labels: Readonly<Record<string, string>>): readonly T[] {
    const entries = Object.entries(labels);
    const [first] = entries;
    if (first === undefined) return this.inNamespace(namespace);
    const candidates = entries
      .map(([key, value]) => this.#indexes.get(labelIndex(namespace, key, value)))
      .toSorted((a, b) => (a?.size ?? 0) - (b?.size ?? 0))[0];
    return [...(candidates?.values() ?? [])].filter(({ metadata }) =>
      entries.every(([key, value]) => metadata.labels?.[key] === value),
    );
  }

  /** Hears of what there is, then of every change, synchronously. */
  onChange(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
    for (const object of this.all()) listener({ object, previous: undefined, gone: false });
  }

  close(): void {
    this.#watch.close();
  }

  #onEvent(object: T, gone: boolean): void {
    const key = keyOfObject(object);
    const previous = this.#objects.get(key);
    if (previous !== undefined) for (const index of indexesOf(previous)) this.#unindex(index, key);
    if (gone) this.#objects.delete(key);
    else {
      this.#objects.set(key, object);
      for (const index of indexesOf(object)) this.#index(index, key, object);
    }
    for (const listener of this.#listeners) listener({ object, previous, gone });
  }

  #indexed(index: string): readonly T[] {
    return [...(this.#indexes.get(index)?.values() ?? [])];
  }

  #index(index: string, key: string, object: T): void {
    let entries = this.#indexes.get(index);
    if (entries === undefined) this.#indexes.set(index, (entries = new Map()));
    entries.set(key, object);
  }

  #unindex(index: string, key: string): void {
    const entries = this.#indexes.get(index);
    entries?.delete(key);
    if (entries?.size === 0) this.#indexes.delete(index);
  }
}

/** `namespace/name`; for what has no namespace `/name`. */
export const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;

/** An object's key. */
export const keyOfObject = ({ metadata }: KubeObject): string => keyOf(metadata.namespace, metadata.name);

const labelIndex = (namespace: string | undefined, key: string, value: string): string =>
  `label ${namespace ?? ""} ${key}=${value}`;

const indexesOf = ({ metadata }: KubeObject): string[] => [
  `namespace ${metadata.namespace ?? ""}`,
  ...(metadata.ownerReferences ?? []).map(({ uid }) => `owner ${uid}`),
  ...Object.entries(metadata.labels ?? {}).map(([key, value]) => labelIndex(metadata.namespace, key, value)),
];
