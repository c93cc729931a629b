import { isObject, type JsonObject } from "../json.ts";
import { cloneJson, equalJson, setKey } from "./json.ts";
import { MalformedPatchError } from "./json-patch.ts";
import { orderItems } from "./order-items.ts";
import { type ListStructure, leafStructure, type Structure } from "./structure.ts";

const setOrderPrefix = "$setElementOrder/";
const deleteFromPrefix = "$deleteFromPrimitiveList/";

/**
 * The object after a strategic merge patch, as `kubectl apply` sends for built-in kinds: as a JSON merge patch, but
 * lists with a merge key merge item by item, and directives say what merging cannot. Neither argument is changed.
 * Throws `MalformedPatchError`.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/#use-a-strategic-merge-patch-to-update-a-deployment
 * https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
export function applyStrategicMergePatch(current: JsonObject, patch: JsonObject, structure: Structure): JsonObject {
  return mergeObject(current, patch, structure);
}

function mergeObject(current: JsonObject, patch: JsonObject, structure: Structure): JsonObject {
  const directive = patch["$patch"];
  if (directive === "delete") return {};
  if (directive === "replace" || (structure.kind === "object" && structure.replaced)) {
    return mergeFields({}, patch, structure);
  }
  if (directive !== undefined && directive !== "merge") {
    throw new MalformedPatchError(`$patch is "delete", "replace" or "merge", not ${JSON.stringify(directive)}`);
  }
  return mergeFields(retainKeys(current, patch["$retainKeys"]), patch, structure);
}

function mergeFields(current: JsonObject, patch: JsonObject, structure: Structure): JsonObject {
  const merged: JsonObject = { ...current };
  for (const key of Object.keys(patch)) {
    if (key.startsWith("$")) continue;
    const member = memberOf(structure, key);
    const value = patch[key];
    if (value === null) delete merged[key];
    else setKey(merged, key, mergeValue(Object.hasOwn(merged, key) ? merged[key] : undefined, value, member));
  }
  deleteFromPrimitives(merged, patch);
  setElementOrders(merged, current, patch, structure);
  return merged;
}

function mergeValue(current: unknown, change: unknown, structure: Structure): unknown {
  if (isObject(change)) return mergeObject(isObject(current) ? current : {}, change, structure);
  if (!Array.isArray(change)) return change;
  const existing: readonly unknown[] = Array.isArray(current) ? current : [];
  if (structure.kind !== "list") return cloneJson(change);
  if (structure.mergeKey !== undefined) return mergeByKey(existing, change, structure, structure.mergeKey);
  return structure.listType === "set"
    ? uniteScalars(existing, change)
    : change.map((item) => withoutDirectives(item, structure));
}

function memberOf(structure: Structure, key: string): Structure {
  return (structure.kind === "object" ? structure.member(key) : undefined) ?? leafStructure;
}

function mergeByKey(
  current: readonly unknown[],
  patch: readonly unknown[],
  list: ListStructure,
  key: string,
): unknown[] {
  const changes = patch.map((item) => keyedItem(item, key));
  const kept = changes.filter((item) => item["$patch"] === undefined || item["$patch"] === "merge");
  if (changes.some((item) => item["$patch"] === "replace"))
    return kept.map((item) => mergeObject({}, item, list.items));
  const deleted = changes.filter((item) => item["$patch"] === "delete");
  const merged: JsonObject[] = current
    .filter(isObject)
    .filter((item) => !deleted.some((gone) => equalJson(gone[key], item[key])));
  for (const change of kept) {
    const at = merged.findIndex((item) => equalJson(item[key], change[key]));
    const item = mergeObject(merged[at] ?? {}, change, list.items);
    if (at === -1) merged.push(item);
    else merged[at] = item;
  }
  return orderItems(merged, kept, current, key);
}

function keyedItem(item: unknown, key: string): JsonObject {
  if (!isObject(item)) throw new MalformedPatchError(`an item of a list with merge key ${key} is not an object`);
  if (item[key] === undefined && item["$patch"] !== "replace") {
    throw new MalformedPatchError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
  }
  return item;
}

function uniteScalars(current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return orderItems([...new Set([...current, ...patch])], patch, current, undefined);
}

function deleteFromPrimitives(merged: JsonObject, patch: JsonObject): void {
  for (const directive of Object.keys(patch).filter((key) => key.startsWith(deleteFromPrefix))) {
    const gone = listDirective(patch, directive);
    const field = directive.slice(deleteFromPrefix.length);
    const list = merged[field];
    if (Array.isArray(list)) merged[field] = list.filter((item) => !gone.includes(item));
  }
}

function setElementOrders(merged: JsonObject, before: JsonObject, patch: JsonObject, structure: Structure): void {
  for (const directive of Object.keys(patch).filter((key) => key.startsWith(setOrderPrefix))) {
    const order = listDirective(patch, directive);
    const field = directive.slice(setOrderPrefix.length);
    const list = merged[field];
    if (!Array.isArray(list)) continue;
    const member = memberOf(structure, field);
    const key = member.kind === "list" ? member.mergeKey : undefined;
    const existing: readonly unknown[] = Array.isArray(before[field]) ? before[field] : [];
    merged[field] = orderItems(list, order, existing, key);
  }
}

function listDirective(patch: JsonObject, directive: string): readonly unknown[] {
  const list = patch[directive];
  if (!Array.isArray(list)) throw new MalformedPatchError(`${directive} is not a list`);
  return list;
}

function retainKeys(current: JsonObject, keys: unknown): JsonObject {
  if (keys === undefined) return current;
  if (!Array.isArray(keys)) throw new MalformedPatchError("$retainKeys is not a list");
  return Object.fromEntries(Object.entries(current).filter(([key]) => keys.includes(key)));
}

function withoutDirectives(item: unknown, list: ListStructure): unknown {
  return isObject(item) ? mergeObject({}, item, list.items) : cloneJson(item);
}
