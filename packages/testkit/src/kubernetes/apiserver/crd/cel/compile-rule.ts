import { type CelResult, isCelError } from "@bufbuild/cel";
import { limits } from "../limits.ts";
import type { JsonSchema, ValidationRule } from "../schema/json-schema.ts";
import type { SchemaProblems } from "../schema/schema-problems.ts";
import { celValue } from "./cel-value.ts";
import type { Expression, ExpressionCompiler, Variables } from "./compile-expression.ts";

/** One rule of one place in a schema. */
export interface Rule {
  /** Whether it names `oldSelf`: a transition rule. */
  readonly comparesOld: boolean;
  readonly check: (value: unknown, old: unknown, problems: SchemaProblems) => void;
}

/** Throws `Error` when the rule or its message's expression does not parse. */
export function compileRule(rule: ValidationRule, schema: JsonSchema, compiler: ExpressionCompiler): Rule {
  const holds = compiler.compile(rule.rule);
  const message = rule.messageExpression === undefined ? undefined : compiler.compile(rule.messageExpression);
  const comparesOld = namesOldSelf(rule);
  const optional = rule.optionalOldSelf === true;
  return {
    comparesOld,
    check: (value, old, problems) => {
      if (comparesOld && old === undefined && !optional) return;
      const variables: Variables = {
        self: celValue(value, schema),
        ...oldVariable(old, schema, comparesOld, optional),
      };
      const result = holds(variables);
      if (result === true) return;
      refuse(rule, messageOf(rule, result, message, variables), schema, problems);
    },
  };
}

function namesOldSelf({ rule, messageExpression = "" }: ValidationRule): boolean {
  return /\boldSelf\b/u.test(rule) || /\boldSelf\b/u.test(messageExpression);
}

function oldVariable(old: unknown, schema: JsonSchema, comparesOld: boolean, optional: boolean): Partial<Variables> {
  if (!comparesOld) return {};
  if (!optional) return { oldSelf: celValue(old, schema) };
  return { oldSelf: old === undefined ? [] : [celValue(old, schema)] };
}

function messageOf(
  rule: ValidationRule,
  result: CelResult,
  message: Expression | undefined,
  variables: Variables,
): string {
  const fallback = rule.message ?? `failed rule: ${rule.rule.trim()}`;
  if (isCelError(result)) return `${result.message} evaluating rule: ${fallback}`;
  if (result !== false) return `cel expression evaluated to a non-bool value: ${fallback}`;
  const text = message?.(variables);
  const usable =
    typeof text === "string" && text.trim() !== "" && !text.includes("\n") && text.length <= limits.messageCharsMax;
  return usable ? text : fallback;
}

function refuse(rule: ValidationRule, message: string, schema: JsonSchema, problems: SchemaProblems): void {
  const field = placeOf(problems.path.toString(), rule.fieldPath);
  const type = JSON.stringify(schema.type ?? "");
  switch (rule.reason) {
    case "FieldValueRequired":
      return problems.add(rule.reason, `Required value: ${message}`, field);
    case "FieldValueForbidden":
      return problems.add(rule.reason, `Forbidden: ${message}`, field);
    case "FieldValueDuplicate":
      return problems.add(rule.reason, `Duplicate value: ${type}`, field);
    case "FieldValueInvalid":
    case undefined:
      return problems.add("FieldValueInvalid", `Invalid value: ${type}: ${message}`, field);
  }
}

function placeOf(path: string, fieldPath: string | undefined): string {
  if (fieldPath === undefined) return path;
  return path === "" ? fieldPath.replace(/^\./u, "") : `${path}${fieldPath}`;
}
