import { type CelEnv, type CelInput, type CelResult, celEnv, parse, plan } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { limits } from "../limits.ts";
import { compilePattern } from "../schema/compile-pattern.ts";
import { listFunctions } from "./list-functions.ts";
import { quantityFunctions } from "./quantity-functions.ts";
import { textFunctions } from "./text-functions.ts";

/** What an expression may name. */
export interface Variables {
  readonly self: CelInput;
  readonly oldSelf?: CelInput;
}

/** An expression, parsed and planned: evaluated as often as one likes. Errors of evaluation are in the answer. */
export type Expression = (variables: Variables) => CelResult;

/** Compiles expressions, with the functions that the API server gives to rules. https://kubernetes.io/docs/reference/using-api/cel/ */
export class ExpressionCompiler {
  readonly #environment: CelEnv = celEnv({
    funcs: [...strings, ...quantityFunctions, ...textFunctions, ...listFunctions],
    re2: { compile: compilePattern },
  });
  readonly #compiled = new Map<string, Expression>();

  /** Throws `Error` on text that is no expression. The same text is compiled once. */
  compile(text: string): Expression {
    if (text.length > limits.ruleCharsMax) throw new RangeError(`a rule has at most ${limits.ruleCharsMax} characters`);
    const known = this.#compiled.get(text);
    if (known !== undefined) return known;
    const evaluate = plan(this.#environment, parse(text)) as (variables: Record<string, CelInput>) => CelResult;
    const expression: Expression = ({ self, oldSelf }) =>
      evaluate(oldSelf === undefined ? { self } : { self, oldSelf });
    this.#compiled.set(text, expression);
    return expression;
  }
}
