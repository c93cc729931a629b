import { isObject, type JsonObject } from "../json.ts";
import { cloneJson, setKey } from "../patch/json.ts";
import { type ListStructure, leafStructure, type Structure } from "../patch/structure.ts";
import { canonicalQuantity } from "../quantity.ts";
import { itemElement } from "./elements.ts";

/**
 * A value with what is applied laid over it: maps by key, lists by their type, all else as applied. A null applied is
 * nothing applied. Neither argument is changed; the result shares what stays.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
export function mergeApplied(current: unknown, applied: unknown, structure: Structure): unknown {
  if (isObject(applied)) {
    if (!isObject(current) || (structure.kind === "object" && structure.atomic)) return withoutNulls(applied);
    return mergeObjects(current, applied, structure);
  }
  // As it will be stored: the same amount in other words is no change, and no conflict.
  if (structure.kind === "leaf" && structure.quantity) return canonicalQuantity(applied);
  if (!Array.isArray(applied)) return applied;
  const existing: readonly unknown[] = Array.isArray(current) ? current : [];
  if (structure.kind !== "list" || structure.listType === "atomic") return withoutNulls(applied);
  return mergeLists(existing, applied, structure);
}

function mergeObjects(current: JsonObject, applied: JsonObject, structure: Structure): JsonObject {
  const merged: JsonObject = { ...current };
  for (const name of Object.keys(applied)) {
    const value = applied[name];
    if (value === undefined || value === null) continue;
    const member = (structure.kind === "object" ? structure.member(name) : undefined) ?? leafStructure;
    const existing = Object.hasOwn(current, name) ? current[name] : undefined;
    setKey(merged, name, mergeApplied(existing, value, member));
  }
  return merged;
}

function mergeLists(current: readonly unknown[], applied: readonly unknown[], list: ListStructure): unknown[] {
  const existing = new Map(current.map((item) => [itemElement(item, list), item]));
  const wanted = new Set(applied.map((item) => itemElement(item, list)));
  const items = list.listType === "set" ? leafStructure : list.items;
  const merged: unknown[] = [];
  // The applied order holds; an item that is not applied stays before the items that it stood before.
  let next = 0;
  const takeOthers = (): void => {
    while (next < current.length && !wanted.has(itemElement(current[next], list))) merged.push(current[next++]);
  };
  for (const item of applied) {
    takeOthers();
    const element = itemElement(item, list);
    merged.push(mergeApplied(existing.get(element), item, items));
    if (next < current.length && itemElement(current[next], list) === element) next++;
  }
  return [...merged, ...current.slice(next).filter((item) => !wanted.has(itemElement(item, list)))];
}

function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  if (!isObject(value)) return cloneJson(value);
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) if (member !== null) setKey(kept, name, withoutNulls(member));
  return kept as T;
}
