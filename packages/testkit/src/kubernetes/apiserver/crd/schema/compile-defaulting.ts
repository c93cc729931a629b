import { cloneJson, isObject, type JsonObject } from "../../json.ts";
import { type JsonSchema, valuesSchema } from "./json-schema.ts";

/** Fills in what is missing and has a default. */
export type ApplyDefaults = (value: unknown) => void;

/**
 * Defaulting by a structural schema; undefined for schemas without a default anywhere. A null for a property that is
 * not nullable is taken as missing where the property has a default.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable
 */
export function compileDefaulting(schema: JsonSchema): ApplyDefaults | undefined {
  const ofItem = schema.items === undefined ? undefined : compileDefaulting(schema.items);
  const ofObject = compileObject(schema);
  if (ofItem === undefined && ofObject === undefined) return undefined;
  return (value) => {
    if (Array.isArray(value)) {
      if (ofItem !== undefined) for (const item of value) ofItem(item);
    } else if (isObject(value)) {
      ofObject?.(value);
    }
  };
}

interface PropertyDefault {
  readonly name: string;
  readonly nullable: boolean;
  readonly value: unknown;
}

function compileObject(schema: JsonSchema): ((value: JsonObject) => void) | undefined {
  const defaults: PropertyDefault[] = [];
  const nested: { readonly name: string; readonly apply: ApplyDefaults }[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined)
      defaults.push({ name, nullable: property.nullable === true, value: property.default });
    const apply = compileDefaulting(property);
    if (apply !== undefined) nested.push({ name, apply });
  }
  const values = valuesSchema(schema);
  const ofValue = values === undefined ? undefined : compileDefaulting(values);
  if (defaults.length === 0 && nested.length === 0 && ofValue === undefined) return undefined;
  return (object) => {
    for (const { name, nullable, value } of defaults) {
      const present = object[name];
      if (present === undefined || (present === null && !nullable)) object[name] = cloneJson(value);
    }
    for (const { name, apply } of nested) if (object[name] !== undefined) apply(object[name]);
    if (ofValue === undefined) return;
    for (const key of Object.keys(object)) if (!Object.hasOwn(schema.properties ?? {}, key)) ofValue(object[key]);
  };
}
