import { isObject, type JsonObject } from "../json.ts";
import { type ListStructure, leafStructure, type ObjectStructure, type Structure } from "./structure.ts";

/**
 * How objects of a custom resource merge, by its schema's `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and
 * `x-kubernetes-map-type`. `metadata` is the structure of ObjectMeta.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#custom-resources
 */
export function customStructure(schema: unknown, metadata: Structure): Structure {
  const root = structureOf(schema, metadata);
  const base = root.kind === "object" ? root : unknownObject;
  const own: Readonly<Record<string, Structure>> = { metadata, apiVersion: leafStructure, kind: leafStructure };
  return {
    ...base,
    atomic: false,
    isField: (name) => Object.hasOwn(own, name) || base.isField(name),
    member: (name) => (Object.hasOwn(own, name) ? own[name] : base.member(name)),
  };
}

const unknownObject: ObjectStructure = {
  kind: "object",
  atomic: false,
  replaced: false,
  isField: () => false,
  member: () => undefined,
};

function structureOf(schema: unknown, metadata: Structure): Structure {
  if (!isObject(schema)) return leafStructure;
  if (schema["x-kubernetes-embedded-resource"] === true) return withMetadata(objectOf(schema, metadata), metadata);
  if (schema["type"] === "object") return objectOf(schema, metadata);
  if (schema["type"] === "array") return listOf(schema, metadata);
  return leafStructure;
}

function objectOf(schema: JsonObject, metadata: Structure): ObjectStructure {
  const fields = new Map<string, Structure>();
  for (const [name, field] of Object.entries(isObject(schema["properties"]) ? schema["properties"] : {})) {
    fields.set(name, structureOf(field, metadata));
  }
  const values = schema["additionalProperties"];
  const elements = isObject(values) ? structureOf(values, metadata) : undefined;
  return {
    kind: "object",
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    replaced: false,
    isField: (name) => fields.has(name),
    member: (name) => fields.get(name) ?? elements,
  };
}

function withMetadata(object: ObjectStructure, metadata: Structure): ObjectStructure {
  return { ...object, member: (name) => (name === "metadata" ? metadata : object.member(name)) };
}

function listOf(schema: JsonObject, metadata: Structure): ListStructure {
  const items = schema["items"];
  const keys = schema["x-kubernetes-list-map-keys"];
  const type = schema["x-kubernetes-list-type"];
  return {
    kind: "list",
    items: structureOf(items, metadata),
    listType: type === "set" || type === "map" ? type : "atomic",
    keys: Array.isArray(keys) ? keys.map(String) : [],
    keyDefaults: isObject(items) ? defaultsOf(items, Array.isArray(keys) ? keys.map(String) : []) : {},
    mergeKey: undefined,
  };
}

function defaultsOf(items: JsonObject, keys: readonly string[]): Record<string, string | number | boolean> {
  const properties = isObject(items["properties"]) ? items["properties"] : {};
  return Object.fromEntries(
    keys.flatMap((key) => {
      const property = properties[key];
      const value = isObject(property) ? property["default"] : undefined;
      return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [[key, value]] : [];
    }),
  );
}
