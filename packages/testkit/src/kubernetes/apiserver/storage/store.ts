import type { KubeObject } from "../../api/objects.ts";
import { freezeJson } from "../json.ts";
import { Collection } from "./collection.ts";
import type { StoredEvent } from "./stored-event.ts";

/** Where versions start: what is below was before this server's time, as with a cluster that lives for long. */
const firstRevision = 100;

/**
 * All objects, in memory, and the one counter that versions them.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 *
 * Invariants: S1 a version is given once and versions only grow; S2 a stored object is frozen; S3 listeners hear
 * changes in the order of their versions, even when one of them writes while it is told.
 */
export class Store {
  #revision = firstRevision;
  readonly #collections = new Map<string, Collection>();
  readonly #historyEventsMax: number;
  readonly #untold: (() => void)[] = [];
  #telling = false;

  constructor(historyEventsMax: number) {
    this.#historyEventsMax = historyEventsMax;
  }

  /** The version of the latest change. */
  get revision(): number {
    return this.#revision;
  }

  /** The objects with a storage key such as `apps/deployments`. */
  collection(storage: string): Collection {
    let collection = this.#collections.get(storage);
    if (collection === undefined) {
      collection = new Collection(this.#historyEventsMax, firstRevision);
      this.#collections.set(storage, collection);
    }
    return collection;
  }

  /** Stores an object, new or changed; it gets the next version and is frozen. */
  put(storage: string, object: KubeObject): KubeObject {
    const collection = this.collection(storage);
    object.metadata.resourceVersion = this.#next();
    const stored = freezeJson(object); // S2
    this.#commit(collection, collection.put(stored, this.#revision));
    return stored;
  }

  /** Removes an object; its last state is told with the version of the removal. Undefined: there was none. */
  remove(storage: string, object: KubeObject): KubeObject | undefined {
    const collection = this.collection(storage);
    const { namespace, name } = object.metadata;
    if (collection.get(namespace, name) === undefined) return undefined;
    const last = freezeJson({ ...object, metadata: { ...object.metadata, resourceVersion: this.#next() } });
    this.#commit(collection, collection.remove(last, this.#revision));
    return last;
  }

  #next(): string {
    this.#revision += 1; // S1
    return String(this.#revision);
  }

  /** S3: whoever writes from within a listener has its event told after the present one. */
  #commit(collection: Collection, event: StoredEvent): void {
    this.#untold.push(() => collection.tell(event));
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let tell = this.#untold.shift(); tell !== undefined; tell = this.#untold.shift()) tell();
    } finally {
      this.#telling = false;
    }
  }
}
