import { parse } from "@bufbuild/cel";
import { type JsonSchema, keepsUnknown, valuesSchema } from "../schema/json-schema.ts";
import { celName } from "./cel-name.ts";

type Expr = NonNullable<ReturnType<typeof parse>["expr"]>;
/** What is known of a value: its schema, or nothing. */
type Known = JsonSchema | undefined;

const ownFields: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

/**
 * What a rule names and nothing has: variables but `self` and `oldSelf`, and fields that the schema does not know. The
 * API server, which checks all types, refuses such rules when the definition is written; so does this one.
 * https://kubernetes.io/docs/reference/using-api/cel/#type-checking
 */
export function checkReferences(
  rule: string,
  schema: JsonSchema,
  root: boolean,
  optionalOldSelf: boolean,
): string | undefined {
  const self = root ? { ...schema, "x-kubernetes-embedded-resource": true } : schema;
  const scope = new Map<string, Known>([
    ["self", self],
    ["oldSelf", optionalOldSelf ? undefined : self],
  ]);
  const problems: string[] = [];
  infer(parse(rule).expr, scope, problems);
  return problems[0];
}

function infer(expr: Expr | undefined, scope: ReadonlyMap<string, Known>, problems: string[]): Known {
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case "identExpr":
      if (!scope.has(kind.value.name) && !types.has(kind.value.name))
        problems.push(`undeclared reference to '${kind.value.name}'`);
      return scope.get(kind.value.name);
    case "selectExpr":
      return fieldOf(infer(kind.value.operand, scope, problems), kind.value.field, problems);
    case "callExpr":
      return inferCall(kind.value, scope, problems);
    case "listExpr":
      for (const element of kind.value.elements) infer(element, scope, problems);
      return undefined;
    case "structExpr":
      for (const entry of kind.value.entries) infer(entry.value, scope, problems);
      return undefined;
    case "comprehensionExpr":
      return inferComprehension(kind.value, scope, problems);
    case "constExpr":
    case undefined:
      return undefined;
  }
  return undefined;
}

function inferCall(
  call: { readonly target?: Expr | undefined; readonly function: string; readonly args: readonly Expr[] },
  scope: ReadonlyMap<string, Known>,
  problems: string[],
): Known {
  const namespace = call.target?.exprKind.case === "identExpr" ? call.target.exprKind.value.name : "";
  if (namespaces.has(namespace)) {
    for (const argument of call.args) infer(argument, scope, problems);
    return undefined;
  }
  if (call.target !== undefined) infer(call.target, scope, problems);
  const known = call.args.map((argument) => infer(argument, scope, problems));
  return call.function === "_[_]" ? elementOf(known[0]) : undefined;
}

function inferComprehension(
  fold: {
    readonly iterVar: string;
    readonly accuVar: string;
    readonly iterRange?: Expr | undefined;
    readonly accuInit?: Expr | undefined;
    readonly loopCondition?: Expr | undefined;
    readonly loopStep?: Expr | undefined;
    readonly result?: Expr | undefined;
  },
  scope: ReadonlyMap<string, Known>,
  problems: string[],
): Known {
  const range = infer(fold.iterRange, scope, problems);
  infer(fold.accuInit, scope, problems);
  const accumulated = new Map(scope).set(fold.accuVar, undefined);
  // Over a map the variable is the key, of which nothing is to be known.
  const inner = new Map(accumulated).set(fold.iterVar, range?.type === "array" ? range.items : undefined);
  infer(fold.loopCondition, inner, problems);
  infer(fold.loopStep, inner, problems);
  infer(fold.result, accumulated, problems);
  return fold.loopStep !== undefined && keepsElements(fold.loopStep) ? range : undefined;
}

/** Whether a comprehension is a `filter`: its result has the same items. */
function keepsElements(step: Expr): boolean {
  return step.exprKind.case === "callExpr" && step.exprKind.value.function === "_?_:_";
}

function fieldOf(schema: Known, field: string, problems: string[]): Known {
  if (schema === undefined || schema.type === undefined) return undefined;
  if (schema["x-kubernetes-embedded-resource"] === true && ownFields.has(field)) return undefined;
  for (const [name, property] of Object.entries(schema.properties ?? {})) if (celName(name) === field) return property;
  const values = valuesSchema(schema);
  if (values !== undefined) return values;
  if (!keepsUnknown(schema)) problems.push(`undefined field '${field}'`);
  return undefined;
}

function elementOf(schema: Known): Known {
  return schema?.type === "array" ? schema.items : schema && valuesSchema(schema);
}

const types: ReadonlySet<string> = new Set(
  "bool bytes double duration int list map null_type string timestamp type uint".split(" "),
);
const namespaces: ReadonlySet<string> = new Set(["sets", "optional", "math", "strings", "format", "base64"]);
