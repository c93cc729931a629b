import type { FieldTypes } from "../openapi/builtin/field-types.ts";
import { atomicTypes, builtinMergeRules, keyDefaults, type MergeRule } from "./builtin-list-rules.ts";
import {
  type ListStructure,
  leafStructure,
  type ObjectStructure,
  quantityStructure,
  type Structure,
} from "./structure.ts";

/** The structures of built-in types, made when first asked for. */
export class BuiltinStructures {
  readonly #types: FieldTypes;
  readonly #made = new Map<string, Structure>();

  constructor(types: FieldTypes) {
    this.#types = types;
  }

  /** By the name in `FieldTypes`; types that are not there have no structure but JSON's own. */
  of(type: string): Structure {
    const made = this.#made.get(type);
    if (made !== undefined) return made;
    const structure = this.#types[type] === undefined ? leafStructure : this.#object(type);
    this.#made.set(type, structure);
    return structure;
  }

  #object(type: string): ObjectStructure {
    const fields = this.#types[type] ?? {};
    const rules = builtinMergeRules[type] ?? {};
    const members = new Map<string, Structure>();
    return {
      kind: "object",
      atomic: atomicTypes.has(type),
      replaced: false,
      isField: (name) => Object.hasOwn(fields, name),
      member: (name) => {
        const known = members.get(name);
        if (known !== undefined) return known;
        const text = Object.hasOwn(fields, name) ? fields[name] : undefined;
        if (text === undefined) return undefined;
        const structure = this.#field(text.replace(/!$/u, ""), rules[name]);
        members.set(name, structure);
        return structure;
      },
    };
  }

  #field(text: string, rule: MergeRule | undefined): Structure {
    if (text.startsWith("[")) return listOf(this.#field(text.slice(1, -1), undefined), rule);
    if (text.startsWith("{")) return withRule(mapOf(this.#field(text.slice(1, -1), undefined)), rule);
    if (text === "quantity") return quantityStructure;
    return withRule(this.of(text), rule);
  }
}

function listOf(items: Structure, rule: MergeRule | undefined): ListStructure {
  const base = { kind: "list", items, keys: [], keyDefaults: {}, mergeKey: undefined } as const;
  if (rule?.merge === "set") return { ...base, listType: "set" };
  if (rule?.merge !== "map") return { ...base, listType: "atomic" };
  const defaults = Object.fromEntries(rule.keys.flatMap((key) => (keyDefaults[key] ? [[key, keyDefaults[key]]] : [])));
  const mergeKey = rule.mergeKey ?? rule.keys[0];
  return {
    ...base,
    listType: "map",
    keys: rule.keys,
    keyDefaults: defaults,
    mergeKey: mergeKey === "" ? undefined : mergeKey,
  };
}

function mapOf(elements: Structure): ObjectStructure {
  return { kind: "object", atomic: false, replaced: false, isField: () => false, member: () => elements };
}

function withRule(structure: Structure, rule: MergeRule | undefined): Structure {
  if (rule?.merge !== "atomic" || structure.kind !== "object") return structure;
  return { ...structure, atomic: true, replaced: rule.replace };
}
