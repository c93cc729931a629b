import { isObject, type JsonObject } from "../json.ts";
import { type ListStructure, leafStructure, type Structure } from "../patch/structure.ts";

/** A part of a value that has an owner of its own. */
export interface Element {
  readonly value: unknown;
  readonly structure: Structure;
  /** Whether it is owned itself beside what is in it: items of lists and entries of maps are, fields of a type are not. */
  readonly owned: boolean;
}

/** Items of a keyed list that cannot be told apart. */
export class AmbiguousItemError extends Error {
  override readonly name = "AmbiguousItemError";
}

/**
 * The parts of a value by their path elements; undefined for what has one owner as a whole (scalars, atomic lists and
 * maps). With `strict`, items of keyed lists without a key or with the same ones are refused (`AmbiguousItemError`).
 */
export function elementsOf(
  value: unknown,
  structure: Structure,
  strict = false,
): ReadonlyMap<string, Element> | undefined {
  if (isObject(value)) return objectElements(value, structure);
  if (!Array.isArray(value) || structure.kind !== "list" || structure.listType === "atomic") return undefined;
  const elements = new Map<string, Element>();
  for (const [index, item] of value.entries()) {
    const element = itemElement(item, structure);
    if (element === undefined || elements.has(element)) {
      if (strict) throw new AmbiguousItemError(ambiguity(index, element));
      if (element === undefined) return undefined;
      continue;
    }
    elements.set(element, {
      value: item,
      structure: structure.listType === "set" ? leafStructure : structure.items,
      owned: true,
    });
  }
  return elements;
}

function objectElements(value: JsonObject, structure: Structure): ReadonlyMap<string, Element> | undefined {
  if (structure.kind === "list" || (structure.kind === "object" && structure.atomic)) return undefined;
  const elements = new Map<string, Element>();
  for (const name of Object.keys(value)) {
    if (value[name] === undefined) continue;
    const member = structure.kind === "object" ? structure.member(name) : undefined;
    const owned = structure.kind !== "object" || !structure.isField(name);
    elements.set(`f:${name}`, { value: value[name], structure: member ?? leafStructure, owned });
  }
  return elements;
}

/** The element of a list's item; undefined for one that misses a key. */
export function itemElement(item: unknown, list: ListStructure): string | undefined {
  if (list.listType === "set") return `v:${JSON.stringify(item)}`;
  if (!isObject(item)) return undefined;
  const keys: JsonObject = {};
  for (const key of list.keys.toSorted()) {
    const value = item[key] ?? list.keyDefaults[key];
    if (value !== undefined) keys[key] = value;
  }
  return Object.keys(keys).length === 0 ? undefined : `k:${JSON.stringify(keys)}`;
}

function ambiguity(index: number, element: string | undefined): string {
  if (element === undefined)
    return `element ${index}: associative list with keys has an element that omits its key fields`;
  return `duplicate entries for key ${element.slice(2)}`;
}
