import { builtinTypeOf } from "../openapi/builtin/builtin-type-of.ts";
import type { FieldTypes } from "../openapi/builtin/field-types.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { BuiltinStructures } from "./builtin-structures.ts";
import { customStructure } from "./custom-structure.ts";
import { leafStructure, type Structure } from "./structure.ts";

/** How objects of a resource merge; made once a definition. */
export class Structures {
  readonly #types: FieldTypes;
  readonly #builtins: BuiltinStructures;
  readonly #byDefinition = new WeakMap<ResourceDefinition, Structure>();

  constructor(types: FieldTypes) {
    this.#types = types;
    this.#builtins = new BuiltinStructures(types);
  }

  of(definition: ResourceDefinition): Structure {
    const known = this.#byDefinition.get(definition);
    if (known !== undefined) return known;
    const structure = definition.custom
      ? customStructure(definition.schema, this.#builtins.of("ObjectMeta"))
      : this.#builtin(definition);
    this.#byDefinition.set(definition, structure);
    return structure;
  }

  #builtin({ group, version, kind }: ResourceDefinition): Structure {
    const type = builtinTypeOf(this.#types, group, version, kind);
    return type === undefined ? leafStructure : this.#builtins.of(type);
  }
}
