import { type CelFunc, type CelList, CelScalar, type CelValue, celFunc, celMethod, listType } from "@bufbuild/cel";
import { equals } from "./equals.ts";

const { BOOL, DYN, INT } = CelScalar;
const LIST = listType(DYN);

/**
 * Lists, sets and optional values. An optional value is a list of no or one item.
 * https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-list-library
 */
export const listFunctions: readonly CelFunc[] = [
  celMethod("isSorted", LIST, [], BOOL, function () {
    const items = [...this];
    return items.every((item, index) => index === 0 || compare(items[index - 1] as CelValue, item) <= 0);
  }),
  celMethod("sum", LIST, [], DYN, function () {
    const items = [...this];
    if (items.some((item) => typeof item === "number"))
      return items.reduce<number>((sum, item) => sum + Number(item), 0);
    return items.reduce<bigint>((sum, item) => sum + (item as bigint), 0n);
  }),
  celMethod("min", LIST, [], DYN, function () {
    return extreme(this, -1);
  }),
  celMethod("max", LIST, [], DYN, function () {
    return extreme(this, 1);
  }),
  celMethod("indexOf", LIST, [DYN], INT, function (wanted) {
    return BigInt([...this].findIndex((item) => equals(item, wanted)));
  }),
  celMethod("lastIndexOf", LIST, [DYN], INT, function (wanted) {
    return BigInt([...this].findLastIndex((item) => equals(item, wanted)));
  }),
  celFunc("sets.contains", [LIST, LIST], BOOL, containsAll),
  celFunc("sets.equivalent", [LIST, LIST], BOOL, (a, b) => containsAll(a, b) && containsAll(b, a)),
  celFunc("sets.intersects", [LIST, LIST], BOOL, (a, b) => [...b].some((item) => contains(a, item))),
  celFunc("optional.none", [], LIST, () => []),
  celFunc("optional.of", [DYN], LIST, (value) => [value]),
  celMethod("hasValue", LIST, [], BOOL, function () {
    return this.size > 0;
  }),
  celMethod("value", LIST, [], DYN, function () {
    const value = this.get(0);
    if (value === undefined) throw new Error("optional.none() dereference");
    return value;
  }),
  celMethod("orValue", LIST, [DYN], DYN, function (otherwise) {
    return this.get(0) ?? otherwise;
  }),
];

function containsAll(list: CelList, wanted: CelList): boolean {
  return [...wanted].every((item) => contains(list, item));
}

function contains(list: CelList, wanted: CelValue): boolean {
  return [...list].some((item) => equals(item, wanted));
}

function extreme(list: CelList, direction: 1 | -1): CelValue {
  const items = [...list];
  const [first] = items;
  if (first === undefined) throw new Error("min or max of an empty list");
  return items.reduce((best, item) => (compare(item, best) * direction > 0 ? item : best), first);
}

function compare(a: CelValue, b: CelValue): number {
  if (!comparable(a) || !comparable(b)) throw new TypeError("the items cannot be compared");
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function comparable(value: CelValue): value is string | number | bigint | boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}
