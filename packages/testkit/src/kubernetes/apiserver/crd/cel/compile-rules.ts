import { isObject, type JsonObject } from "../../json.ts";
import { type JsonSchema, valuesSchema } from "../schema/json-schema.ts";
import type { SchemaProblems } from "../schema/schema-problems.ts";
import type { ExpressionCompiler } from "./compile-expression.ts";
import { compileRule } from "./compile-rule.ts";

/** Evaluates the rules for a value and what is in it; `old` is what is stored now, undefined where there is nothing. */
export interface Rules {
  readonly evaluate: (value: unknown, old: unknown, problems: SchemaProblems) => void;
  /** Whether a rule in it compares with the old value: those are evaluated for what did not change too. */
  readonly compareOld: boolean;
}

/**
 * The rules (`x-kubernetes-validations`) of a schema and all below; undefined without any. What did not change is not
 * evaluated again (the API server ignores its failures then).
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
export function compileRules(schema: JsonSchema, compiler: ExpressionCompiler): Rules | undefined {
  const own = (schema["x-kubernetes-validations"] ?? []).map((rule) => compileRule(rule, schema, compiler));
  const ofItem = schema.items === undefined ? undefined : compileRules(schema.items, compiler);
  const members = compileMembers(schema, compiler);
  if (own.length === 0 && ofItem === undefined && members === undefined) return undefined;
  const keys = schema["x-kubernetes-list-type"] === "map" ? (schema["x-kubernetes-list-map-keys"] ?? []) : undefined;
  return {
    compareOld: own.some((rule) => rule.comparesOld) || ofItem?.compareOld === true || members?.compareOld === true,
    evaluate: (value, old, problems) => {
      if (value === null || value === undefined) return;
      for (const rule of own) rule.check(value, old, problems);
      if (Array.isArray(value)) {
        if (ofItem !== undefined) evaluateItems(value, Array.isArray(old) ? old : [], keys, ofItem, problems);
      } else if (isObject(value)) {
        members?.evaluate(value, isObject(old) ? old : {}, problems);
      }
    },
  };
}

interface MemberRules {
  readonly compareOld: boolean;
  readonly evaluate: (value: JsonObject, old: JsonObject, problems: SchemaProblems) => void;
}

function compileMembers(schema: JsonSchema, compiler: ExpressionCompiler): MemberRules | undefined {
  const properties = new Map<string, Rules>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const rules = compileRules(property, compiler);
    if (rules !== undefined) properties.set(name, rules);
  }
  const values = valuesSchema(schema);
  const ofValue = values === undefined ? undefined : compileRules(values, compiler);
  if (properties.size === 0 && ofValue === undefined) return undefined;
  return {
    compareOld: [...properties.values(), ofValue].some((rules) => rules?.compareOld === true),
    evaluate: (value, old, problems) => {
      for (const [name, rules] of properties) evaluateMember(name, value[name], old[name], rules, problems);
      if (ofValue === undefined) return;
      for (const key of Object.keys(value)) evaluateMember(key, value[key], old[key], ofValue, problems);
    },
  };
}

function evaluateMember(
  segment: string | number,
  value: unknown,
  old: unknown,
  rules: Rules,
  problems: SchemaProblems,
): void {
  if (value === undefined || (value === old && !rules.compareOld)) return;
  problems.path.enter(segment);
  rules.evaluate(value, old, problems);
  problems.path.leave();
}

/** Items of a list with keys are compared with their former selves; those of other lists have none. */
function evaluateItems(
  list: readonly unknown[],
  old: readonly unknown[],
  keys: readonly string[] | undefined,
  rules: Rules,
  problems: SchemaProblems,
): void {
  const former = new Map<string, unknown>();
  if (keys !== undefined && rules.compareOld) for (const item of old) former.set(identity(item, keys), item);
  for (const [index, item] of list.entries()) {
    problems.path.enter(index);
    rules.evaluate(item, keys === undefined ? undefined : former.get(identity(item, keys)), problems);
    problems.path.leave();
  }
}

function identity(item: unknown, keys: readonly string[]): string {
  return JSON.stringify(isObject(item) ? keys.map((key) => item[key] ?? null) : item);
}
