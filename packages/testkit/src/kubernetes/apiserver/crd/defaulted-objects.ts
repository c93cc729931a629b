import type { KubeObject } from "../../api/objects.ts";
import { cloneJson } from "../json.ts";
import type { CompiledSchema } from "./compile-schema.ts";

/**
 * Gives stored objects the defaults of a schema that came after they were stored: the API server sets defaults when it
 * reads, too. What was prepared by the schema has them, and what was read once is remembered.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting
 */
export class DefaultedObjects {
  readonly #applyDefaults: readonly ((object: unknown) => void)[];
  readonly #known = new WeakMap<KubeObject, KubeObject>();

  constructor(schemas: readonly (CompiledSchema | undefined)[]) {
    this.#applyDefaults = schemas.flatMap((schema) => schema?.applyDefaults ?? []);
  }

  /** An object that has its defaults. */
  add(object: KubeObject): void {
    this.#known.set(object, object);
  }

  /** The object with its defaults: itself, or a copy. */
  of(object: KubeObject): KubeObject {
    if (this.#applyDefaults.length === 0) return object;
    const known = this.#known.get(object);
    if (known !== undefined) return known;
    const copy = cloneJson(object);
    for (const apply of this.#applyDefaults) apply(copy);
    this.#known.set(object, copy);
    return copy;
  }
}
