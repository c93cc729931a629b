import { z } from "zod";
import { int32Max } from "../limits.ts";

/** A structural schema of a CRD: OpenAPI v3 as Kubernetes restricts it. */
export interface StructuralSchema {
  type?: string;
  description?: string;
  format?: string;
  default?: unknown;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  items?: StructuralSchema;
  required?: string[];
  anyOf?: StructuralSchema[];
  "x-kubernetes-validations"?: ValidationRule[];
  [keyword: string]: unknown;
}

/** One entry of `x-kubernetes-validations`. */
export interface ValidationRule {
  rule: string;
  message: string;
  fieldPath?: string;
  reason?: "FieldValueForbidden";
}

/**
 * The structural schema of a zod schema, as users write the object: fields with defaults are optional.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export const structuralSchema = (schema: z.ZodType): StructuralSchema =>
  restrict(z.toJSONSchema(schema, { io: "input" }) as StructuralSchema);

const restrict = (schema: StructuralSchema): StructuralSchema => {
  if (schema["x-kubernetes-int-or-string"] === true) return intOrString(schema);
  const { $schema: _dialect, propertyNames: _keys, additionalProperties, properties, items, ...rest } = schema;
  const made: StructuralSchema = rest.type === "integer" ? integer(rest) : { ...rest };
  if (items !== undefined) made.items = restrict(items);
  if (properties !== undefined && Object.keys(properties).length > 0) {
    made.properties = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, restrict(field)]));
  }
  if (isAnything(additionalProperties)) made["x-kubernetes-preserve-unknown-fields"] = true;
  else if (typeof additionalProperties === "object") made.additionalProperties = restrict(additionalProperties);
  return made;
};

const isAnything = (schema: unknown): boolean =>
  typeof schema === "object" && schema !== null && Object.keys(schema).length === 0;

/** Nothing but its two types may be said of such a field. */
const intOrString = ({ description }: StructuralSchema): StructuralSchema => ({
  ...(description === undefined ? {} : { description }),
  anyOf: [{ type: "integer" }, { type: "string" }],
  "x-kubernetes-int-or-string": true,
});

const integer = (schema: StructuralSchema): StructuralSchema => {
  const { minimum, maximum, ...rest } = schema;
  const is64 = maximum === Number.MAX_SAFE_INTEGER;
  return {
    ...rest,
    format: is64 ? "int64" : "int32",
    ...(minimum === -int32Max - 1 || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === int32Max || is64 ? {} : { maximum }),
  };
};
