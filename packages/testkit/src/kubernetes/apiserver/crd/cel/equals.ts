import { type CelValue, isCelList, isCelMap } from "@bufbuild/cel";

/** Whether two values are equal as CEL has it: numbers by value, lists and maps by content. */
export function equals(a: CelValue, b: CelValue): boolean {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return Number(a) === Number(b);
  if (isCelList(a) && isCelList(b)) {
    return a.size === b.size && [...a].every((item, index) => equals(item, b.get(index) ?? null));
  }
  if (isCelMap(a) && isCelMap(b)) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && equals(value, b.get(key) ?? null));
  }
  return false;
}

function isNumber(value: CelValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
