import { isObject } from "../json.ts";
import { canonicalQuantity } from "../quantity.ts";

/** Fields of built-in kinds that are maps of quantities, and those that are one. */
const maps: ReadonlySet<string> = new Set([
  "limits",
  "requests",
  "capacity",
  "hard",
  "used",
  "overhead",
  "allocatable",
  "allocatedResources",
]);
const single: ReadonlySet<string> = new Set(["sizeLimit", "divisor"]);

/**
 * Writes the quantities in a mutable built-in object in their canonical form, as the API serves them: `1000m` is `1`.
 * Also of what is applied, so that two ways to write an amount are no conflict.
 */
export const canonicalizeQuantities = (value: unknown): void => {
  if (Array.isArray(value)) {
    for (const item of value) canonicalizeQuantities(item);
    return;
  }
  if (!isObject(value)) return;
  for (const [field, content] of Object.entries(value)) {
    if (single.has(field)) value[field] = canonicalQuantity(content);
    else if (maps.has(field) && isObject(content)) {
      for (const [name, amount] of Object.entries(content)) content[name] = canonicalQuantity(amount);
    } else canonicalizeQuantities(content);
  }
};
