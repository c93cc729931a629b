import type { FieldTypes } from "./field-types.ts";
import { newerFields } from "./newer-fields.ts";
import oldTypes from "./types.json" with { type: "json" };

/** The fields of all built-in types. */
export const builtinTypes: FieldTypes = {
  ...oldTypes,
  ...Object.fromEntries(
    Object.entries(newerFields).map(([type, fields]) => [type, { ...(oldTypes as FieldTypes)[type], ...fields }]),
  ),
};
