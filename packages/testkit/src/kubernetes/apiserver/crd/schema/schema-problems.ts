import type { StatusCause } from "../../../api/api-error.ts";
import { limits } from "../limits.ts";
import { FieldPath } from "./field-path.ts";

/** What a schema finds wrong with an object, with the API server's texts. */
export class SchemaProblems {
  readonly path: FieldPath;
  readonly causes: StatusCause[] = [];

  constructor(path: FieldPath = new FieldPath()) {
    this.path = path;
  }

  /** `Invalid value: <value>: <rule>`; `field` where it is not the place of the walk. */
  invalid(value: unknown, rule: string, field: string = this.path.toString()): void {
    this.add("FieldValueInvalid", `Invalid value: ${valueText(value)}: ${rule}`, field);
  }

  typeInvalid(actual: string, expected: string): void {
    const field = this.path.toString();
    const rule = `${field} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
    this.add("FieldValueTypeInvalid", `Invalid value: ${JSON.stringify(actual)}: ${rule}`, field);
  }

  required(name: string): void {
    this.add("FieldValueRequired", "Required value", this.path.child(name));
  }

  notSupported(value: unknown, supported: readonly unknown[]): void {
    const list = supported.map((item) => JSON.stringify(typeof item === "string" ? item : JSON.stringify(item)));
    this.add("FieldValueNotSupported", `Unsupported value: ${valueText(value)}: supported values: ${list.join(", ")}`);
  }

  tooLong(bytesMax: number): void {
    this.add("FieldValueTooLong", `Too long: may not be more than ${bytesMax} byte${bytesMax === 1 ? "" : "s"}`);
  }

  tooMany(actual: number, countMax: number): void {
    this.add(
      "FieldValueTooMany",
      `Too many: ${actual}: must have at most ${countMax} item${countMax === 1 ? "" : "s"}`,
    );
  }

  duplicate(value: unknown, field: string): void {
    this.add("FieldValueDuplicate", `Duplicate value: ${valueText(value)}`, field);
  }

  add(reason: string, message: string, field: string = this.path.toString()): void {
    if (this.causes.length >= limits.causesMax) return;
    this.causes.push({ reason, message, field: field === "" ? "<nil>" : field });
  }
}

/** A value as it stands in a message. */
export function valueText(value: unknown): string {
  return JSON.stringify(value ?? null);
}
