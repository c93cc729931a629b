import { isObject, type JsonObject } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { builtinTypeOf } from "./builtin/builtin-type-of.ts";
import type { FieldTypes } from "./builtin/field-types.ts";
import { addBuiltinSchema } from "./builtin-schema.ts";
import { builtinSchemaName, customSchemaName } from "./schema-name.ts";

/** Adds the schema of a resource, and of its lists, to a document's; gives its name there. */
export function addResourceSchema(
  types: FieldTypes,
  definition: ResourceDefinition,
  prefix: string,
  schemas: Record<string, JsonObject>,
): string {
  const { group, version, kind, listKind } = definition;
  const type = definition.custom ? undefined : builtinTypeOf(types, group, version, kind);
  const name = type === undefined ? customSchemaName(definition) : builtinSchemaName(type);
  if (type === undefined) schemas[name] = customSchema(types, definition, prefix, schemas);
  else addBuiltinSchema(types, type, prefix, schemas);
  schemas[name] = { ...schemas[name], "x-kubernetes-group-version-kind": [{ group, version, kind }] };
  schemas[`${name}List`] = {
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      items: { type: "array", items: { $ref: `${prefix}${name}` } },
    },
    "x-kubernetes-group-version-kind": [{ group, version, kind: listKind }],
  };
  return name;
}

function customSchema(
  types: FieldTypes,
  definition: ResourceDefinition,
  prefix: string,
  schemas: Record<string, JsonObject>,
): JsonObject {
  addBuiltinSchema(types, "ObjectMeta", prefix, schemas);
  const metadata = { $ref: `${prefix}${builtinSchemaName("ObjectMeta")}` };
  const own = isObject(definition.schema)
    ? definition.schema
    : { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const properties = isObject(own["properties"]) ? own["properties"] : {};
  return {
    ...own,
    properties: {
      ...properties,
      apiVersion: { type: "string", description: "The version of this representation of an object." },
      kind: { type: "string", description: "The resource that this object represents, in CamelCase." },
      metadata: prefix.startsWith("#/definitions")
        ? metadata
        : { allOf: [metadata], description: "Standard object's metadata." },
    },
  };
}
