import type { StatusCause } from "../../api/api-error.ts";
import { ExpressionCompiler } from "./cel/compile-expression.ts";
import { compileRules } from "./cel/compile-rules.ts";
import { compileDefaulting } from "./schema/compile-defaulting.ts";
import { compilePruning } from "./schema/compile-pruning.ts";
import { compileValidation } from "./schema/compile-validation.ts";
import { FieldPath } from "./schema/field-path.ts";
import type { JsonSchema } from "./schema/json-schema.ts";
import { SchemaProblems } from "./schema/schema-problems.ts";

/** A structural schema, compiled once to functions over objects of its kind. */
export interface CompiledSchema {
  /** Takes out what the schema does not know; gives the paths of it. */
  prune(object: unknown): string[];
  /** Undefined where the schema has no defaults. */
  readonly applyDefaults: ((object: unknown) => void) | undefined;
  /** What is wrong: with the values, and (when those are sound) by the rules. `old` is what is stored now. */
  validate(object: unknown, old: unknown): readonly StatusCause[];
}

/** Problems by which the API server does not go on to the rules. */
const blocking: ReadonlySet<string> = new Set([
  "FieldValueRequired",
  "FieldValueTypeInvalid",
  "FieldValueNotSupported",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueDuplicate",
]);

/** Throws `Error` on rules that do not parse. `rulesOf` is the schema whose rules count, by default the same. */
export function compileSchema(schema: JsonSchema, rulesOf: JsonSchema = schema): CompiledSchema {
  const prune = compilePruning(schema, true);
  const applyDefaults = compileDefaulting(schema);
  const validateValues = compileValidation(schema);
  const rules = compileRules(rulesOf, new ExpressionCompiler());
  return {
    prune: (object) => {
      const unknownFields: string[] = [];
      prune(object, new FieldPath(), unknownFields);
      return unknownFields;
    },
    applyDefaults,
    validate: (object, old) => {
      const problems = new SchemaProblems();
      validateValues?.(object, problems);
      if (rules === undefined) return problems.causes;
      if (problems.causes.some((cause) => blocking.has(cause.reason))) {
        problems.invalid(
          null,
          "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
          "",
        );
      } else {
        rules.evaluate(object, old, problems);
      }
      return problems.causes;
    },
  };
}
