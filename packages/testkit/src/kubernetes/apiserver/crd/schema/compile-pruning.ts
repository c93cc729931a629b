import { isObject, type JsonObject } from "../../json.ts";
import type { FieldPath } from "./field-path.ts";
import { type JsonSchema, keepsUnknown, valuesSchema } from "./json-schema.ts";

/** Takes out of a value what its schema does not know; tells the paths of it. */
export type Prune = (value: unknown, path: FieldPath, unknownFields: string[]) => void;

/** What every object has, whatever its schema says. */
const objectFields: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

/**
 * Pruning by a structural schema. `root` is true for a resource's own schema: its apiVersion, kind and metadata stay.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
 */
export function compilePruning(schema: JsonSchema, root: boolean): Prune {
  const pruneItem = schema.items === undefined ? undefined : compilePruning(schema.items, false);
  const pruneObject = compileObject(schema, root || schema["x-kubernetes-embedded-resource"] === true);
  return (value, path, unknownFields) => {
    if (Array.isArray(value)) {
      if (pruneItem === undefined) return;
      for (let index = 0; index < value.length; index++) {
        path.enter(index);
        pruneItem(value[index], path, unknownFields);
        path.leave();
      }
    } else if (isObject(value)) {
      pruneObject(value, path, unknownFields);
    }
  };
}

function compileObject(
  schema: JsonSchema,
  resource: boolean,
): (value: JsonObject, path: FieldPath, unknownFields: string[]) => void {
  const keep = keepsUnknown(schema);
  const values = valuesSchema(schema);
  const pruneValue = values === undefined ? undefined : compilePruning(values, false);
  const properties = new Map<string, Prune>();
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    properties.set(name, compilePruning(property, false));
  return (value, path, unknownFields) => {
    for (const key of Object.keys(value)) {
      if (resource && objectFields.has(key)) continue;
      const prune = properties.get(key) ?? pruneValue;
      if (prune !== undefined) {
        const member = value[key];
        if (typeof member !== "object" || member === null) continue;
        path.enter(key);
        prune(member, path, unknownFields);
        path.leave();
      } else if (!keep) {
        unknownFields.push(path.child(key));
        delete value[key];
      }
    }
  };
}
