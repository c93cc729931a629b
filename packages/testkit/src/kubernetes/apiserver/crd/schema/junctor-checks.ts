import { FieldPath } from "./field-path.ts";
import type { JsonSchema } from "./json-schema.ts";
import { SchemaProblems } from "./schema-problems.ts";
import type { Validate } from "./validate.ts";

/** The checks of `allOf`, `anyOf`, `oneOf` and `not`. */
export function junctorChecks(schema: JsonSchema, compile: (schema: JsonSchema) => Validate | undefined): Validate[] {
  const { allOf, anyOf, oneOf, not } = schema;
  const checks: Validate[] = [];
  if (allOf !== undefined) {
    const validates = allOf.map(compile);
    checks.push((value, problems) => {
      for (const validate of validates) validate?.(value, problems);
    });
  }
  if (anyOf !== undefined) {
    const fits = anyOf.map((part) => predicate(compile(part)));
    checks.push((value, problems) => {
      if (!fits.some((fit) => fit(value))) refuse(problems, "must validate at least one schema (anyOf)");
    });
  }
  if (oneOf !== undefined) {
    const fits = oneOf.map((part) => predicate(compile(part)));
    checks.push((value, problems) => {
      const count = fits.filter((fit) => fit(value)).length;
      if (count === 1) return;
      const found = count === 0 ? "Found none valid" : `Found ${count} valid alternatives`;
      refuse(problems, `must validate one and only one schema (oneOf). ${found}`);
    });
  }
  if (not !== undefined) {
    const fits = predicate(compile(not));
    checks.push((value, problems) => {
      if (fits(value)) refuse(problems, "must not validate the schema (not)");
    });
  }
  return checks;
}

function refuse(problems: SchemaProblems, rule: string): void {
  problems.invalid("", `${JSON.stringify(problems.path.toString())} ${rule}`);
}

function predicate(validate: Validate | undefined): (value: unknown) => boolean {
  if (validate === undefined) return () => true;
  return (value) => {
    const problems = new SchemaProblems(new FieldPath());
    validate(value, problems);
    return problems.causes.length === 0;
  };
}
