import type { KubeObject } from "../../api/objects.ts";
import { isObject, type JsonObject } from "../json.ts";

/** What a cell shows where there is nothing. */
export const none = "<none>";

/** The value at a path of fields; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((current, field) => {
    if (typeof field === "number") return Array.isArray(current) ? current[field] : undefined;
    return isObject(current) ? current[field] : undefined;
  }, value);
}

/** The objects of a list at a path; none where there is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** The number at a path, or 0. */
export function countAt(value: unknown, ...path: readonly string[]): number {
  const count = at(value, ...path);
  return typeof count === "number" ? count : 0;
}

/** The text at a path, or `otherwise`. */
export function textAt(value: unknown, path: readonly (string | number)[], otherwise = ""): string {
  const text = at(value, ...path);
  return typeof text === "string" || typeof text === "number" || typeof text === "boolean" ? String(text) : otherwise;
}

/** Texts joined by commas; `<none>` without any. */
export function joined(texts: readonly string[]): string {
  return texts.length === 0 ? none : texts.join(",");
}

/** How many entries a map has. */
export function sizeAt(value: unknown, ...path: readonly string[]): number {
  const map = at(value, ...path);
  return isObject(map) || Array.isArray(map) ? Object.keys(map).length : 0;
}

/** Labels, or a plain selector, as `a=b,c=d`. */
export function labelsText(labels: unknown): string {
  return isObject(labels)
    ? joined(
        Object.keys(labels)
          .toSorted()
          .map((key) => `${key}=${String(labels[key])}`),
      )
    : none;
}

/** A LabelSelector as text: `a=b,c in (d,e),!f`. */
export function selectorText(selector: unknown): string {
  if (!isObject(selector)) return none;
  const labels = isObject(selector["matchLabels"]) ? selector["matchLabels"] : {};
  const equal = Object.keys(labels)
    .toSorted()
    .map((key) => `${key}=${String(labels[key])}`);
  const others = listAt(selector, "matchExpressions").map(requirementText);
  return joined([...equal, ...others]);
}

function requirementText(requirement: JsonObject): string {
  const key = textAt(requirement, ["key"]);
  const values = requirement["values"];
  const list = Array.isArray(values) ? values.map(String).toSorted().join(",") : "";
  switch (requirement["operator"]) {
    case "In":
      return `${key} in (${list})`;
    case "NotIn":
      return `${key} notin (${list})`;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return key;
  }
}

/** The condition of a type in an object's status. */
export function conditionOf(object: KubeObject, type: string): JsonObject | undefined {
  return listAt(object, "status", "conditions").find((condition) => condition["type"] === type);
}
