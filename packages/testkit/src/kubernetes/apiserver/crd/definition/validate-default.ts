import type { FieldProblems } from "../../field-problems.ts";
import { cloneJson } from "../../json.ts";
import { compilePruning } from "../schema/compile-pruning.ts";
import { compileValidation } from "../schema/compile-validation.ts";
import { FieldPath } from "../schema/field-path.ts";
import type { JsonSchema } from "../schema/json-schema.ts";
import { SchemaProblems } from "../schema/schema-problems.ts";

/** A default has to be valid by its own schema, and pruned by it. */
export function validateDefault(schema: JsonSchema, path: string, problems: FieldProblems): void {
  const value = cloneJson(schema.default);
  if (value === null && schema.nullable === true) return;
  const unknownFields: string[] = [];
  compilePruning(schema, false)(value, new FieldPath(), unknownFields);
  for (const field of unknownFields)
    problems.invalid(`${path}.${field}`, schema.default, "must be pruned: the schema does not know this field");
  const found = new SchemaProblems();
  compileValidation(schema)?.(value, found);
  for (const { reason, message, field } of found.causes) {
    problems.causes.push({ reason, message, field: field === "<nil>" ? path : `${path}.${field}` });
  }
}
