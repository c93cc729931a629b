import { equalJson } from "../../json.ts";
import type { JsonSchema } from "./json-schema.ts";
import { junctorChecks } from "./junctor-checks.ts";
import { listChecks } from "./list-checks.ts";
import { objectChecks } from "./object-checks.ts";
import { numberChecks, stringChecks } from "./scalar-checks.ts";
import type { SchemaProblems } from "./schema-problems.ts";
import type { Validate } from "./validate.ts";

/**
 * Validation by a schema, with the API server's texts; undefined where every value is fine.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
 */
export function compileValidation(schema: JsonSchema): Validate | undefined {
  const checks = [
    ...enumChecks(schema),
    ...stringChecks(schema),
    ...numberChecks(schema),
    ...listChecks(schema, compileValidation),
    ...objectChecks(schema, compileValidation),
    ...junctorChecks(schema, compileValidation),
  ];
  const hasType = compileType(schema);
  if (hasType === undefined && checks.length === 0) return undefined;
  const nullable = schema.nullable === true;
  return (value, problems) => {
    if (value === null && nullable) return;
    if (hasType !== undefined && !hasType(value, problems)) return;
    for (const check of checks) check(value, problems);
  };
}

function compileType(schema: JsonSchema): ((value: unknown, problems: SchemaProblems) => boolean) | undefined {
  const expected = schema["x-kubernetes-int-or-string"] === true ? "integer,string" : schema.type;
  if (expected === undefined) return undefined;
  const accepted = new Set(expected.split(","));
  if (accepted.has("number")) accepted.add("integer");
  return (value, problems) => {
    const actual = typeName(value);
    if (accepted.has(actual)) return true;
    problems.typeInvalid(actual, expected);
    return false;
  };
}

function enumChecks(schema: JsonSchema): Validate[] {
  const allowed = schema.enum;
  if (allowed === undefined) return [];
  const scalars = new Set(allowed);
  return [
    (value, problems) => {
      if (scalars.has(value) || allowed.some((item) => equalJson(item, value))) return;
      problems.notSupported(value, allowed);
    },
  ];
}

/** The name of a JSON value's type, as messages have it. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
