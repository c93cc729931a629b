import type { JsonObject } from "../json.ts";
import type { FieldTypes } from "./builtin/field-types.ts";
import { builtinSchemaName } from "./schema-name.ts";

const scalars: Readonly<Record<string, JsonObject>> = {
  string: { type: "string" },
  int: { type: "integer", format: "int64" },
  number: { type: "number", format: "double" },
  boolean: { type: "boolean" },
  time: { type: "string", format: "date-time" },
  quantity: { oneOf: [{ type: "string" }, { type: "number" }] },
  "int-or-string": { oneOf: [{ type: "integer" }, { type: "string" }], format: "int-or-string" },
  any: { "x-kubernetes-preserve-unknown-fields": true },
};

/**
 * Adds a built-in type's schema and those it refers to, by their names. `prefix` is where references point, such as
 * `#/components/schemas/`.
 */
export function addBuiltinSchema(
  types: FieldTypes,
  type: string,
  prefix: string,
  schemas: Record<string, JsonObject>,
): void {
  const name = builtinSchemaName(type);
  const fields = types[type];
  if (schemas[name] !== undefined || fields === undefined) return;
  const properties: Record<string, JsonObject> = {};
  const schema: JsonObject = { type: "object", properties };
  // Before what is in it: a type may refer to itself.
  schemas[name] = schema;
  const required: string[] = [];
  for (const [field, text] of Object.entries(fields)) {
    if (text.endsWith("!")) required.push(field);
    properties[field] = schemaOf(text.replace(/!$/u, ""), types, prefix, schemas);
  }
  if (required.length > 0) schema["required"] = required;
}

function schemaOf(text: string, types: FieldTypes, prefix: string, schemas: Record<string, JsonObject>): JsonObject {
  if (text.startsWith("[")) return { type: "array", items: schemaOf(text.slice(1, -1), types, prefix, schemas) };
  if (text.startsWith("{"))
    return { type: "object", additionalProperties: schemaOf(text.slice(1, -1), types, prefix, schemas) };
  const scalar = scalars[text];
  if (scalar !== undefined) return { ...scalar };
  addBuiltinSchema(types, text, prefix, schemas);
  const $ref = `${prefix}${builtinSchemaName(text)}`;
  // A reference stands alone in version 2; version 3 wants it in an `allOf` beside a default.
  return prefix.startsWith("#/definitions") ? { $ref } : { allOf: [{ $ref }] };
}
