import type { Rule, RuleSet } from "../rules/rule.ts";
import type { StructuralSchema, ValidationRule } from "./structural-schema.ts";

/**
 * Writes the rules that CEL can check into the schema of the object they are about. Throws where a
 * rule is about a field that the schema does not have: an API server refuses such a CRD.
 */
export const attachRules = (schema: StructuralSchema, sets: readonly RuleSet[]): void => {
  for (const set of sets) {
    const part = schemaAt(schema, set.path);
    const rules = set.rules.filter((rule) => rule.cel !== undefined);
    if (rules.length === 0) continue;
    for (const rule of rules)
      schemaAt(
        part,
        rule.field.split(".").filter((step) => step !== ""),
      );
    part["x-kubernetes-validations"] = [...(part["x-kubernetes-validations"] ?? []), ...rules.map(validation)];
  }
};

const schemaAt = (schema: StructuralSchema, path: readonly string[]): StructuralSchema => {
  let at = schema;
  for (const step of path) {
    const next = step === "*" ? at.items : at.properties?.[step];
    if (next === undefined) throw new Error(`no field ${step} of ${path.join(".")} in the schema`);
    at = next;
  }
  return at;
};

const validation = ({ cel, message, field, forbidden }: Rule<never>): ValidationRule => ({
  rule: cel ?? "",
  message,
  ...(field === "" ? {} : { fieldPath: `.${field}` }),
  ...(forbidden === true ? { reason: "FieldValueForbidden" } : {}),
});
