import type { ResourceId } from "../../api/objects.ts";
import type { DefinitionRegistry, ResourceDefinition } from "../plugins.ts";

const keyOf = ({ group, version, plural }: ResourceId): string => `${group}/${version}/${plural}`;

/** Which resources are served, built-in and custom. */
export class Definitions implements DefinitionRegistry {
  readonly #builtin: readonly ResourceDefinition[];
  readonly #custom = new Map<string, readonly ResourceDefinition[]>();
  readonly #listeners: (() => void)[] = [];
  #byKey = new Map<string, ResourceDefinition>();

  constructor(builtin: readonly ResourceDefinition[]) {
    this.#builtin = builtin;
    this.#index();
  }

  all(): readonly ResourceDefinition[] {
    return [...this.#byKey.values()];
  }

  get(resource: ResourceId): ResourceDefinition | undefined {
    return this.#byKey.get(keyOf(resource));
  }

  /** A definition by kind, as owner references and bodies name it. */
  byKind(group: string, version: string, kind: string): ResourceDefinition | undefined {
    return this.all().find((each) => each.group === group && each.version === version && each.kind === kind);
  }

  setCustom(storage: string, definitions: readonly ResourceDefinition[]): void {
    if (definitions.length === 0) this.#custom.delete(storage);
    else this.#custom.set(storage, definitions);
    this.#index();
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #index(): void {
    const all = [...this.#builtin, ...[...this.#custom.values()].flat()];
    this.#byKey = new Map(all.map((definition) => [keyOf(definition), definition]));
  }
}
