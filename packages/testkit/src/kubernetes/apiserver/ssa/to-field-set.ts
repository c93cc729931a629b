import type { Structure } from "../patch/structure.ts";
import { elementsOf } from "./elements.ts";
import { FieldSet } from "./field-set.ts";

/** Every field that a value has: what its applier owns. Throws `AmbiguousItemError`. */
export function toFieldSet(value: unknown, structure: Structure): FieldSet {
  const members = new Set<string>();
  const children = new Map<string, FieldSet>();
  for (const [name, element] of elementsOf(value, structure, true) ?? []) {
    const child = toFieldSet(element.value, element.structure);
    if (!child.isEmpty) children.set(name, child);
    if (child.isEmpty || element.owned) members.add(name);
  }
  return new FieldSet(members, children);
}
