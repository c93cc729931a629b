import type { ApiAccess } from "../../api/access.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";
import { Informer } from "./informer.ts";

/** One informer a resource, shared by all controllers. */
export class Informers {
  readonly #access: ApiAccess;
  readonly #informers = new Map<string, Informer<never>>();

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  of<T extends KubeObject>(resource: ResourceId): Informer<T> {
    const key = keyOf(resource);
    const known = this.#informers.get(key);
    if (known !== undefined) return known as unknown as Informer<T>;
    const informer = new Informer<T>(this.#access, resource);
    this.#informers.set(key, informer as unknown as Informer<never>);
    return informer;
  }

  /** The resource is not served any more. */
  drop(resource: ResourceId): void {
    const key = keyOf(resource);
    this.#informers.get(key)?.close();
    this.#informers.delete(key);
  }

  close(): void {
    for (const informer of this.#informers.values()) informer.close();
  }
}

const keyOf = ({ group, version, plural }: ResourceId): string => `${group}/${version}/${plural}`;
