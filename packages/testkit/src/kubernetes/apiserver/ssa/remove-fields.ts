import { isObject, type JsonObject } from "../json.ts";
import { leafStructure, type Structure } from "../patch/structure.ts";
import { itemElement } from "./elements.ts";
import type { FieldSet } from "./field-set.ts";

/**
 * A value without the fields in `gone` that nobody in `owned` has: what an applier owned and no longer applies. What
 * becomes empty by it goes too. https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields
 */
export function removeFields(value: unknown, structure: Structure, gone: FieldSet, owned: FieldSet): unknown {
  if (gone.isEmpty) return value;
  if (isObject(value)) return removeMembers(value, structure, gone, owned);
  if (Array.isArray(value)) return removeItems(value, structure, gone, owned);
  return value;
}

function removeMembers(
  value: JsonObject,
  structure: Structure,
  gone: FieldSet,
  owned: FieldSet,
): JsonObject | undefined {
  const kept: JsonObject = { ...value };
  for (const name of Object.keys(value)) {
    const member = (structure.kind === "object" ? structure.member(name) : undefined) ?? leafStructure;
    const left = removeElement(`f:${name}`, value[name], member, gone, owned);
    if (left === undefined) delete kept[name];
    else kept[name] = left;
  }
  return emptied(Object.keys(value).length, Object.keys(kept).length) ? undefined : kept;
}

function removeItems(
  value: readonly unknown[],
  structure: Structure,
  gone: FieldSet,
  owned: FieldSet,
): unknown[] | undefined {
  if (structure.kind !== "list") return [...value];
  const kept = value.flatMap((item) => {
    const element = itemElement(item, structure);
    const left = element === undefined ? item : removeElement(element, item, structure.items, gone, owned);
    return left === undefined ? [] : [left];
  });
  return emptied(value.length, kept.length) ? undefined : kept;
}

function removeElement(
  element: string,
  value: unknown,
  structure: Structure,
  gone: FieldSet,
  owned: FieldSet,
): unknown {
  if (!gone.touches(element)) return value;
  if (gone.members.has(element) && !owned.touches(element)) return undefined;
  const left = removeFields(value, structure, gone.child(element), owned.child(element));
  if (left !== undefined || !owned.members.has(element)) return left;
  return Array.isArray(value) ? [] : {};
}

function emptied(before: number, after: number): boolean {
  return before > 0 && after === 0;
}
