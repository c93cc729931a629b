import type { FieldProblems } from "../../field-problems.ts";
import { checkReferences } from "../cel/check-references.ts";
import { ExpressionCompiler } from "../cel/compile-expression.ts";
import type { JsonSchema } from "../schema/json-schema.ts";

/** Whether rules parse, and stand where they can be evaluated. */
export function validateRules(schema: JsonSchema, path: string, root: boolean, problems: FieldProblems): void {
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return;
  const compiler = new ExpressionCompiler();
  for (const [index, { rule, message, messageExpression, fieldPath, optionalOldSelf = false }] of rules.entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    if (typeof rule !== "string" || rule.trim() === "") {
      problems.required(`${at}.rule`, "rule is not specified");
      continue;
    }
    tryCompile((text) => compileChecked(compiler, text, schema, root, optionalOldSelf), rule, `${at}.rule`, problems);
    if (messageExpression !== undefined) {
      tryCompile(
        (text) => compileChecked(compiler, text, schema, root, optionalOldSelf),
        messageExpression,
        `${at}.messageExpression`,
        problems,
      );
    }
    if (message?.includes("\n") === true)
      problems.invalid(`${at}.message`, message, "message must not contain line breaks");
    if (fieldPath !== undefined && !/^[.[]/u.test(fieldPath))
      problems.invalid(`${at}.fieldPath`, fieldPath, "must be a valid path");
  }
}

function compileChecked(
  compiler: ExpressionCompiler,
  text: string,
  schema: JsonSchema,
  root: boolean,
  optionalOldSelf: boolean,
): void {
  compiler.compile(text);
  const problem = checkReferences(text, schema, root, optionalOldSelf);
  if (problem !== undefined) throw new Error(problem);
}

function tryCompile(compile: (text: string) => void, text: string, field: string, problems: FieldProblems): void {
  try {
    compile(text);
  } catch (error) {
    problems.invalid(field, text, `compilation failed: ${(error as Error).message}`);
  }
}
