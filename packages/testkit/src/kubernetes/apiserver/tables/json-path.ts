import { isObject } from "../json.ts";

type Step = (value: unknown) => readonly unknown[];

/**
 * A JSON path of a printer column, compiled: fields (`.a.b`, `['a.b']`), indexes, `[*]` and filters
 * (`[?(@.type=="Ready")]`). Gives all values that it finds. Throws `TypeError` on text that is none.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
export function compileJsonPath(path: string): (value: unknown) => readonly unknown[] {
  const steps = parse(path);
  return (value) => steps.reduce<readonly unknown[]>((values, step) => values.flatMap((item) => step(item)), [value]);
}

const token =
  /^(?:\.([\w$-]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(-?\d+)\]|(\.?\[?\*\]?)|\[\?\(@\.([\w$.-]+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\)\])/u;

function parse(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path
    .replace(/^\{(.*)\}$/u, "$1")
    .replace(/^\$/u, "")
    .replaceAll(String.raw`\.`, "\uE000");
  rest = rest.startsWith(".") || rest.startsWith("[") ? rest : `.${rest}`;
  while (rest !== "" && rest !== ".") {
    const match = escaped.exec(rest) ?? token.exec(rest);
    if (match === null) throw new TypeError(`${JSON.stringify(path)} is no json path this server knows`);
    steps.push(stepOf(match));
    rest = rest.slice(match[0].length);
  }
  return steps;
}

/** A field with escaped dots, such as `.metadata.annotations.a\.b/c`. */
const escaped = /^\.([\w$/-]*\uE000[\w$/\uE000-]*)/u;

function stepOf(match: RegExpExecArray): Step {
  const [, plain, single, double, index, wildcard, field, operator, ...operands] = match;
  const name = plain ?? single ?? double;
  if (name !== undefined) return fieldStep(name.replaceAll("\uE000", "."));
  if (index !== undefined)
    return (value) => (Array.isArray(value) && value.at(Number(index)) !== undefined ? [value.at(Number(index))] : []);
  if (wildcard !== undefined)
    return (value) => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []);
  const wanted = operands.find((operand) => operand !== undefined) ?? "";
  const read = compileJsonPath(field ?? "");
  return (value) =>
    (Array.isArray(value) ? value : []).filter((item) => (textOf(read(item)[0]) === wanted) === (operator === "=="));
}

function fieldStep(name: string): Step {
  return (value) => (isObject(value) && value[name] !== undefined ? [value[name]] : []);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}
