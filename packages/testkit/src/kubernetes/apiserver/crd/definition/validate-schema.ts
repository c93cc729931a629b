import type { FieldProblems } from "../../field-problems.ts";
import { isObject } from "../../json.ts";
import { limits } from "../limits.ts";
import { compilePattern } from "../schema/compile-pattern.ts";
import type { JsonSchema } from "../schema/json-schema.ts";
import { validateDefault } from "./validate-default.ts";
import { validateRules } from "./validate-rules.ts";

/** What schemas of a structural kind may not have at all. */
const forbidden = ["$ref", "definitions", "dependencies", "patternProperties", "additionalItems", "id"];
/** What stands outside of allOf, anyOf, oneOf and not only. */
const outsideJunctors = ["description", "type", "default", "additionalProperties", "nullable"];

/**
 * Whether a schema is structural, and its own parts fit together.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function validateSchema(schema: JsonSchema, path: string, problems: FieldProblems): void {
  if (schema.type !== "object") problems.invalid(`${path}.type`, schema.type ?? "", 'must be "object" at the root');
  if (schema.nullable === true) problems.forbidden(`${path}.nullable`, "nullable cannot be true at the root");
  for (const [name, property] of Object.entries(schema.properties?.["metadata"]?.properties ?? {})) {
    if (name === "name" || name === "generateName") continue;
    problems.forbidden(
      `${path}.properties[metadata].properties[${name}]`,
      `must not be specified: only metadata.name and metadata.generateName may be restricted, not ${JSON.stringify(property.type ?? name)}`,
    );
  }
  validateNode(schema, path, problems, 0);
}

function validateNode(schema: JsonSchema, path: string, problems: FieldProblems, depth: number): void {
  if (!isObject(schema)) return problems.invalid(path, schema, "must be a schema");
  if (depth > limits.schemaDepthMax)
    return problems.invalid(path, "", `a schema has at most ${limits.schemaDepthMax} levels`);
  validateType(schema, path, problems);
  validateValues(schema, path, problems);
  validateExtensions(schema, path, problems);
  validateJunctors(schema, path, problems);
  validateRules(schema, path, depth === 0, problems);
  if (schema.default !== undefined) validateDefault(schema, `${path}.default`, problems);
  for (const [place, child] of childrenOf(schema, path)) validateNode(child, place, problems, depth + 1);
}

function childrenOf(schema: JsonSchema, path: string): [string, JsonSchema][] {
  const children: [string, JsonSchema][] = Object.entries(schema.properties ?? {}).map(([name, child]) => [
    `${path}.properties[${name}]`,
    child,
  ]);
  if (isObject(schema.additionalProperties))
    children.push([`${path}.additionalProperties`, schema.additionalProperties]);
  if (schema.items !== undefined) children.push([`${path}.items`, schema.items]);
  return children;
}

function validateType(schema: JsonSchema, path: string, problems: FieldProblems): void {
  const anyType =
    schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema.type === undefined || (schema.type as string) === "") {
    if (!anyType) problems.required(`${path}.type`, "must not be empty for specified object fields");
  } else if (schema["x-kubernetes-int-or-string"] === true) {
    problems.invalid(`${path}.type`, schema.type, "must be empty if x-kubernetes-int-or-string is true");
  } else {
    problems.oneOf(`${path}.type`, schema.type, ["array", "boolean", "integer", "number", "object", "string"]);
  }
  if (schema.type === "array" && schema.items === undefined) problems.required(`${path}.items`, "must be specified");
}

function validateValues(schema: JsonSchema, path: string, problems: FieldProblems): void {
  const fields = schema as Readonly<Record<string, unknown>>;
  for (const name of forbidden)
    if (fields[name] !== undefined) problems.forbidden(`${path}.${name}`, `${name} is not supported`);
  if (schema.uniqueItems === true)
    problems.forbidden(
      `${path}.uniqueItems`,
      "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    );
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    problems.forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive");
  }
  if (schema.additionalProperties === false)
    problems.forbidden(`${path}.additionalProperties`, "additionalProperties cannot be set to false");
  if (schema.pattern === undefined) return;
  try {
    compilePattern(schema.pattern);
  } catch (error) {
    problems.invalid(
      `${path}.pattern`,
      schema.pattern,
      `must be a valid regular expression, but isn't: ${(error as Error).message}`,
    );
  }
}

function validateExtensions(schema: JsonSchema, path: string, problems: FieldProblems): void {
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    problems.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined");
  }
  if (schema["x-kubernetes-embedded-resource"] === true) {
    if (schema.type !== "object")
      problems.invalid(`${path}.type`, schema.type ?? "", "must be object if x-kubernetes-embedded-resource is true");
    if (schema.properties === undefined && schema["x-kubernetes-preserve-unknown-fields"] !== true) {
      problems.required(
        `${path}.properties`,
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      );
    }
  }
  const listType = schema["x-kubernetes-list-type"];
  if (listType !== undefined) {
    problems.oneOf(`${path}.x-kubernetes-list-type`, listType, ["atomic", "map", "set"]);
    if (schema.type !== "array")
      problems.invalid(`${path}.type`, schema.type ?? "", "must be array if x-kubernetes-list-type is specified");
  }
  if (listType === "map") validateListMap(schema, path, problems);
  else if (schema["x-kubernetes-list-map-keys"] !== undefined) {
    problems.invalid(
      `${path}.x-kubernetes-list-type`,
      listType ?? "",
      "must be map if x-kubernetes-list-map-keys is non-empty",
    );
  }
  if (listType === "set" && schema.items?.type === "object" && schema.items["x-kubernetes-map-type"] !== "atomic") {
    problems.invalid(
      `${path}.items.x-kubernetes-map-type`,
      schema.items["x-kubernetes-map-type"] ?? "granular",
      "must be atomic as item of a list with x-kubernetes-list-type=set",
    );
  }
}

function validateListMap(schema: JsonSchema, path: string, problems: FieldProblems): void {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (keys.length === 0)
    problems.required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map");
  const { items } = schema;
  if (items?.type !== "object")
    return problems.invalid(
      `${path}.items.type`,
      items?.type ?? "",
      "must be object if parent array's x-kubernetes-list-type is map",
    );
  for (const key of keys) {
    const property = items.properties?.[key];
    if (property === undefined) {
      problems.invalid(`${path}.x-kubernetes-list-map-keys`, keys, "entries must all be names of item properties");
    } else if (property.default === undefined && items.required?.includes(key) !== true) {
      problems.required(
        `${path}.items.properties[${key}].default`,
        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
      );
    }
  }
}

function validateJunctors(schema: JsonSchema, path: string, problems: FieldProblems): void {
  const parts: [string, JsonSchema][] = [];
  for (const junctor of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [index, part] of (schema[junctor] ?? []).entries()) parts.push([`${path}.${junctor}[${index}]`, part]);
  }
  if (schema.not !== undefined) parts.push([`${path}.not`, schema.not]);
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  for (const [place, part] of parts) validateJunctorPart(part, place, intOrString, problems);
}

function validateJunctorPart(part: JsonSchema, path: string, typeAllowed: boolean, problems: FieldProblems): void {
  const fields = part as Readonly<Record<string, unknown>>;
  for (const name of outsideJunctors) {
    if (fields[name] === undefined || (name === "type" && typeAllowed)) continue;
    problems.forbidden(`${path}.${name}`, "must be empty to be structural");
  }
  for (const name of Object.keys(fields).filter((key) => key.startsWith("x-kubernetes-"))) {
    if (name !== "x-kubernetes-validations") problems.forbidden(`${path}.${name}`, "must be empty to be structural");
  }
  for (const [place, child] of childrenOf(part, path)) validateJunctorPart(child, place, typeAllowed, problems);
  validateJunctors({ ...part, ...(typeAllowed ? { "x-kubernetes-int-or-string": true } : {}) }, path, problems);
}
