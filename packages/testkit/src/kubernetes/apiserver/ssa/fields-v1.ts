import { isObject, type JsonObject } from "../json.ts";
import { FieldSet } from "./field-set.ts";

/** A set as `fieldsV1` has it: members without children are `{}`, those with children have a member `.`. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  for (const element of [...new Set([...set.members, ...set.children.keys()])].toSorted()) {
    const child = set.children.get(element);
    if (child === undefined) fields[element] = {};
    else fields[element] = set.members.has(element) ? { ".": {}, ...toFieldsV1(child) } : toFieldsV1(child);
  }
  return fields;
}

/** The set that `fieldsV1` tells; what is no object is empty. */
export function fromFieldsV1(fields: unknown): FieldSet {
  if (!isObject(fields)) return FieldSet.empty;
  const members = new Set<string>();
  const children = new Map<string, FieldSet>();
  for (const [element, below] of Object.entries(fields)) {
    if (element === ".") continue;
    const child = fromFieldsV1(below);
    if (!child.isEmpty) children.set(element, child);
    if (child.isEmpty || (isObject(below) && below["."] !== undefined)) members.add(element);
  }
  return new FieldSet(members, children);
}
