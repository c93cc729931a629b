import { isObject } from "../../json.ts";
import type { JsonSchema } from "./json-schema.ts";
import type { SchemaProblems } from "./schema-problems.ts";
import type { Validate } from "./validate.ts";

/** The checks of lists and their items that a schema asks for. */
export function listChecks(schema: JsonSchema, compile: (schema: JsonSchema) => Validate | undefined): Validate[] {
  const { minItems, maxItems } = schema;
  const checks: ((list: readonly unknown[], problems: SchemaProblems) => void)[] = [];
  if (maxItems !== undefined) {
    checks.push((list, problems) => {
      if (list.length > maxItems) problems.tooMany(list.length, maxItems);
    });
  }
  if (minItems !== undefined) {
    checks.push((list, problems) => {
      if (list.length >= minItems) return;
      problems.invalid(list.length, `${problems.path.toString()} in body should have at least ${minItems} items`);
    });
  }
  checks.push(...uniqueChecks(schema));
  const ofItem = schema.items === undefined ? undefined : compile(schema.items);
  if (ofItem !== undefined) {
    checks.push((list, problems) => {
      for (let index = 0; index < list.length; index++) {
        problems.path.enter(index);
        ofItem(list[index], problems);
        problems.path.leave();
      }
    });
  }
  return checks.map((check) => (value, problems) => {
    if (Array.isArray(value)) check(value, problems);
  });
}

function uniqueChecks(schema: JsonSchema): ((list: readonly unknown[], problems: SchemaProblems) => void)[] {
  const type = schema["x-kubernetes-list-type"];
  if (type === "map") {
    const keys = schema["x-kubernetes-list-map-keys"] ?? [];
    return [uniqueBy((item) => (isObject(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item))];
  }
  return type === "set" || schema.uniqueItems === true ? [uniqueBy((item) => item)] : [];
}

function uniqueBy(identity: (item: unknown) => unknown): (list: readonly unknown[], problems: SchemaProblems) => void {
  return (list, problems) => {
    const seen = new Set<string>();
    for (const [index, item] of list.entries()) {
      const id = identity(item);
      const text = JSON.stringify(id);
      if (seen.has(text)) problems.duplicate(id, problems.path.child(index));
      seen.add(text);
    }
  };
}
