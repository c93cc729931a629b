import { compilePattern } from "./compile-pattern.ts";
import { stringFormats } from "./formats.ts";
import type { JsonSchema } from "./json-schema.ts";
import { type SchemaProblems, valueText } from "./schema-problems.ts";
import type { Validate } from "./validate.ts";

/** The checks of strings that a schema asks for. */
export function stringChecks(schema: JsonSchema): Validate[] {
  const { minLength, maxLength, pattern, format } = schema;
  const checks: ((text: string, problems: SchemaProblems) => void)[] = [];
  if (maxLength !== undefined) {
    checks.push((text, problems) => {
      if (text.length > maxLength && codePoints(text) > maxLength) problems.tooLong(maxLength);
    });
  }
  if (minLength !== undefined) {
    checks.push((text, problems) => {
      if (codePoints(text) < minLength)
        problems.invalid(text, body(problems, `should be at least ${minLength} chars long`));
    });
  }
  if (pattern !== undefined) checks.push(patternCheck(pattern));
  const fits = format === undefined ? undefined : stringFormats.get(format);
  if (fits !== undefined) {
    checks.push((text, problems) => {
      if (!fits(text)) problems.invalid(text, body(problems, `must be of type ${format}: ${valueText(text)}`));
    });
  }
  return checks.map((check) => (value, problems) => {
    if (typeof value === "string") check(value, problems);
  });
}

function patternCheck(pattern: string): (text: string, problems: SchemaProblems) => void {
  const expression = compilePattern(pattern);
  return (text, problems) => {
    if (!expression.test(text)) problems.invalid(text, body(problems, `should match '${pattern}'`));
  };
}

/** The checks of numbers that a schema asks for. */
export function numberChecks(schema: JsonSchema): Validate[] {
  const { minimum, maximum, multipleOf, exclusiveMinimum = false, exclusiveMaximum = false } = schema;
  const checks: { readonly fits: (value: number) => boolean; readonly rule: string }[] = [];
  if (minimum !== undefined) {
    checks.push({
      fits: exclusiveMinimum ? (value) => value > minimum : (value) => value >= minimum,
      rule: `should be greater than ${exclusiveMinimum ? "" : "or equal to "}${minimum}`,
    });
  }
  if (maximum !== undefined) {
    checks.push({
      fits: exclusiveMaximum ? (value) => value < maximum : (value) => value <= maximum,
      rule: `should be less than ${exclusiveMaximum ? "" : "or equal to "}${maximum}`,
    });
  }
  if (multipleOf !== undefined) {
    checks.push({
      fits: (value) => Number.isInteger(value / multipleOf),
      rule: `should be a multiple of ${multipleOf}`,
    });
  }
  const range = integerRanges[schema.format ?? ""];
  if (range !== undefined)
    checks.push({ fits: (value) => value >= -range - 1 && value <= range, rule: `must be of type ${schema.format}` });
  return checks.map(({ fits, rule }) => (value, problems) => {
    if (typeof value === "number" && !fits(value)) problems.invalid(value, body(problems, rule));
  });
}

const integerRanges: Readonly<Record<string, number>> = { int32: 2 ** 31 - 1 };

function body(problems: SchemaProblems, rule: string): string {
  return `${problems.path.toString()} in body ${rule}`;
}

/** Lengths count characters as Go's runes do, not UTF-16 units. */
function codePoints(text: string): number {
  let count = 0;
  for (const _character of text) count++;
  return count;
}
