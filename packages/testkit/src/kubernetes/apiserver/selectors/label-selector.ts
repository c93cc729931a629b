import { ApiError } from "../../api/api-error.ts";

/** What objects' labels are asked. */
export type LabelSelector = (labels: Readonly<Record<string, string>> | undefined) => boolean;

const everything: LabelSelector = () => true;

/**
 * A selector from its text: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 * Throws `ApiError` (BadRequest) for text that is none.
 */
export const parseLabelSelector = (text: string | undefined): LabelSelector => {
  if (text === undefined || text.trim() === "") return everything;
  const requirements = splitRequirements(text).map(parseRequirement);
  const [only] = requirements;
  if (requirements.length === 1 && only !== undefined) return only;
  return (labels) => requirements.every((requirement) => requirement(labels));
};

const name = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const setPattern = new RegExp(String.raw`^(${name})\s+(in|notin)\s*\(([^()]*)\)$`);
const equalityPattern = new RegExp(String.raw`^(${name})\s*(=|==|!=)\s*([-A-Za-z0-9_.]*)$`);
const existsPattern = new RegExp(String.raw`^(!?)\s*(${name})$`);
const comparisonPattern = new RegExp(String.raw`^(${name})\s*([<>])\s*(-?\d+)$`);

const parseRequirement = (text: string): LabelSelector => {
  const set = setPattern.exec(text);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    if (operator === "in") return (labels) => hasKey(labels, key) && values.has(labels[key] ?? "");
    return (labels) => !hasKey(labels, key) || !values.has(labels[key] ?? "");
  }
  const equality = equalityPattern.exec(text);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    if (operator === "!=") return (labels) => labels?.[key] !== value;
    return (labels) => labels?.[key] === value;
  }
  const exists = existsPattern.exec(text);
  if (exists !== null) {
    const [, not, key = ""] = exists;
    return (labels) => hasKey(labels, key) === (not === "");
  }
  const comparison = comparisonPattern.exec(text);
  if (comparison !== null) {
    const [, key = "", operator, bound] = comparison;
    const sign = operator === ">" ? 1 : -1;
    return (labels) => hasKey(labels, key) && sign * (Number(labels[key]) - Number(bound)) > 0;
  }
  throw new ApiError("BadRequest", `unable to parse requirement: found '${text}', expected: a label selector`);
};

const hasKey = (labels: Readonly<Record<string, string>> | undefined, key: string): labels is Record<string, string> =>
  labels !== undefined && Object.hasOwn(labels, key);

/** At commas outside of parentheses. */
const splitRequirements = (text: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
};
