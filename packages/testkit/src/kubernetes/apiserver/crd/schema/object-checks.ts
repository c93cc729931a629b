import { isObject, type JsonObject } from "../../json.ts";
import { type JsonSchema, valuesSchema } from "./json-schema.ts";
import type { SchemaProblems } from "./schema-problems.ts";
import type { Validate } from "./validate.ts";

type Check = (object: JsonObject, problems: SchemaProblems) => void;

/** The checks of objects and their members that a schema asks for. */
export function objectChecks(schema: JsonSchema, compile: (schema: JsonSchema) => Validate | undefined): Validate[] {
  const checks = [...requiredChecks(schema), ...sizeChecks(schema), ...memberChecks(schema, compile)];
  return checks.map((check) => (value, problems) => {
    if (isObject(value)) check(value, problems);
  });
}

function requiredChecks(schema: JsonSchema): Check[] {
  const embedded = schema["x-kubernetes-embedded-resource"] === true ? ["apiVersion", "kind"] : [];
  const required = [...new Set([...(schema.required ?? []), ...embedded])];
  if (required.length === 0) return [];
  return [
    (object, problems) => {
      for (const name of required) if (object[name] === undefined) problems.required(name);
    },
  ];
}

function sizeChecks({ minProperties, maxProperties }: JsonSchema): Check[] {
  const checks: Check[] = [];
  if (maxProperties !== undefined) {
    checks.push((object, problems) => {
      const count = Object.keys(object).length;
      if (count > maxProperties) problems.tooMany(count, maxProperties);
    });
  }
  if (minProperties !== undefined) {
    checks.push((object, problems) => {
      const count = Object.keys(object).length;
      if (count >= minProperties) return;
      problems.invalid(count, `${problems.path.toString()} in body should have at least ${minProperties} properties`);
    });
  }
  return checks;
}

function memberChecks(schema: JsonSchema, compile: (schema: JsonSchema) => Validate | undefined): Check[] {
  const properties: { readonly name: string; readonly validate: Validate }[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const validate = compile(property);
    if (validate !== undefined) properties.push({ name, validate });
  }
  const values = valuesSchema(schema);
  const ofValue = values === undefined ? undefined : compile(values);
  const checks: Check[] = [];
  if (properties.length > 0) {
    checks.push((object, problems) => {
      for (const { name, validate } of properties) {
        const member = object[name];
        if (member !== undefined) validateMember(name, member, validate, problems);
      }
    });
  }
  if (ofValue !== undefined) {
    checks.push((object, problems) => {
      for (const key of Object.keys(object)) {
        if (!Object.hasOwn(schema.properties ?? {}, key)) validateMember(key, object[key], ofValue, problems);
      }
    });
  }
  return checks;
}

function validateMember(name: string, value: unknown, validate: Validate, problems: SchemaProblems): void {
  problems.path.enter(name);
  validate(value, problems);
  problems.path.leave();
}
