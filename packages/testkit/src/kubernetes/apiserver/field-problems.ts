import { ApiError, type StatusCause } from "../api/api-error.ts";
import type { KubeObject } from "../api/objects.ts";

/**
 * What is wrong with an object's fields, collected, so that its author hears of all of it at once.
 * Texts and reasons as the reference's. https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export class FieldProblems {
  readonly causes: StatusCause[] = [];

  invalid(field: string, value: unknown, rule: string): void {
    this.#add("FieldValueInvalid", field, `Invalid value: ${valueText(value)}: ${rule}`);
  }

  required(field: string, rule = ""): void {
    this.#add("FieldValueRequired", field, rule === "" ? "Required value" : `Required value: ${rule}`);
  }

  forbidden(field: string, rule: string): void {
    this.#add("FieldValueForbidden", field, `Forbidden: ${rule}`);
  }

  duplicate(field: string, value: unknown): void {
    this.#add("FieldValueDuplicate", field, `Duplicate value: ${valueText(value)}`);
  }

  notFound(field: string, value: unknown): void {
    this.#add("FieldValueNotFound", field, `Not found: ${valueText(value)}`);
  }

  tooLong(field: string, bytesMax: number): void {
    this.#add("FieldValueTooLong", field, `Too long: may not be more than ${bytesMax} bytes`);
  }

  /** Tells when the value is none of the allowed ones. */
  oneOf(field: string, value: unknown, allowed: readonly string[]): void {
    if (typeof value === "string" && allowed.includes(value)) return;
    const list = allowed.toSorted().map((item) => `"${item}"`);
    this.#add(
      "FieldValueNotSupported",
      field,
      `Unsupported value: ${valueText(value)}: supported values: ${list.join(", ")}`,
    );
  }

  /** Tells when the two differ; for fields that may not change. */
  immutable(field: string, value: unknown, same: boolean): void {
    if (!same) this.invalid(field, value, "field is immutable");
  }

  /** Throws `ApiError` (Invalid) when there is a problem. */
  throwIfAny(kind: { readonly kind: string; readonly group: string }, object: Pick<KubeObject, "metadata">): void {
    if (this.causes.length === 0) return;
    throw invalidObject(kind, object.metadata.name || object.metadata.generateName || "", this.causes);
  }

  #add(reason: string, field: string, message: string): void {
    this.causes.push({ reason, message, field });
  }
}

/** `Invalid` (422) about an object by the causes of it. */
export const invalidObject = (
  { kind, group }: { readonly kind: string; readonly group: string },
  name: string,
  causes: readonly StatusCause[],
): ApiError => {
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  const qualified = group === "" ? kind : `${kind}.${group}`;
  return new ApiError("Invalid", `${qualified} "${name}" is invalid: ${text}`, { name, group, kind, causes });
};

const valueText = (value: unknown): string => {
  if (value === undefined || value === null) return "null";
  return JSON.stringify(value);
};
