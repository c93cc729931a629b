import type { KubeObject } from "../api/objects.ts";

/** A JSON object whose fields are not known. */
export type JsonObject = Record<string, unknown>;

/** Whether the value is an object with fields (no array, not null). */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A mutable copy of plain JSON; fields that are undefined are left out, as in its text. */
export const cloneJson = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map((item) => cloneJson<unknown>(item)) as T;
  if (typeof value !== "object" || value === null) return value;
  const copy: JsonObject = {};
  for (const key in value) {
    const field: unknown = value[key];
    if (field !== undefined) copy[key] = cloneJson(field);
  }
  return copy as T;
};

/** A mutable copy of an object, but for `metadata.managedFields`: nobody changes those in place, and they are large. */
export const cloneObject = (object: KubeObject): KubeObject => {
  const { managedFields, ...metadata } = object.metadata;
  const copy: KubeObject = cloneJson({ ...object, metadata });
  if (managedFields !== undefined)
    copy.metadata.managedFields = Object.isFrozen(managedFields) ? managedFields : cloneJson(managedFields);
  return copy;
};

/** Freezes all of a value. Frozen parts count as frozen to their depth, so what versions share is visited once. */
export const freezeJson = <T>(value: T): T => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const key in value) freezeJson(value[key]);
  return value;
};

/** Whether two JSON values are the same; an undefined field is the same as none. */
export const equalJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  for (const key in a) if (!equalJson(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
};

/** The value at a path of field names such as `.spec.nodeName` or `spec.nodeName`; undefined where there is none. */
export const atPath = (value: unknown, path: string): unknown => {
  let current = value;
  for (const field of fieldsOf(path)) {
    if (!isObject(current)) return undefined;
    current = current[field];
  }
  return current;
};

/** Sets a field at a path, making the objects on its way. */
export const setAtPath = (target: JsonObject, path: string, value: unknown): void => {
  const fields = fieldsOf(path);
  const last = fields.pop();
  if (last === undefined) throw new RangeError("an empty path names no field");
  let current = target;
  for (const field of fields) {
    const next = current[field];
    if (isObject(next)) current = next;
    else current[field] = current = {};
  }
  current[last] = value;
};

const fieldsOf = (path: string): string[] => path.split(".").filter((field) => field !== "");
