import { type CelFunc, CelScalar, type CelValue, celFunc, celMethod } from "@bufbuild/cel";
import { parseQuantity } from "../../quantity.ts";
import { opaqueContent, opaqueValue } from "./opaque-value.ts";

const { BOOL, DOUBLE, DYN, INT, STRING } = CelScalar;
const unit = 1_000_000_000n;

/** Amounts of resources. https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library */
export const quantityFunctions: readonly CelFunc[] = [
  celFunc("isQuantity", [STRING], BOOL, (text) => parseQuantity(text) !== undefined),
  celFunc("quantity", [STRING], DYN, (text) => {
    const amount = parseQuantity(text);
    if (amount === undefined) throw new TypeError(`${JSON.stringify(text)} is no quantity`);
    return opaqueValue("quantity", amount);
  }),
  celMethod("isGreaterThan", DYN, [DYN], BOOL, function (other) {
    return amountOf(this) > amountOf(other);
  }),
  celMethod("isLessThan", DYN, [DYN], BOOL, function (other) {
    return amountOf(this) < amountOf(other);
  }),
  celMethod("compareTo", DYN, [DYN], INT, function (other) {
    return sign(amountOf(this) - amountOf(other));
  }),
  celMethod("sign", DYN, [], INT, function () {
    return sign(amountOf(this));
  }),
  celMethod("add", DYN, [DYN], DYN, function (other) {
    return opaqueValue("quantity", amountOf(this) + amountOrInt(other));
  }),
  celMethod("sub", DYN, [DYN], DYN, function (other) {
    return opaqueValue("quantity", amountOf(this) - amountOrInt(other));
  }),
  celMethod("isInteger", DYN, [], BOOL, function () {
    return amountOf(this) % unit === 0n;
  }),
  celMethod("asInteger", DYN, [], INT, function () {
    const amount = amountOf(this);
    if (amount % unit !== 0n) throw new RangeError("the quantity is no integer");
    return amount / unit;
  }),
  celMethod("asApproximateFloat", DYN, [], DOUBLE, function () {
    return Number(amountOf(this)) / Number(unit);
  }),
];

function amountOf(value: CelValue): bigint {
  return opaqueContent("quantity", value) as bigint;
}

function amountOrInt(value: CelValue): bigint {
  return typeof value === "bigint" ? value * unit : amountOf(value);
}

function sign(value: bigint): bigint {
  if (value === 0n) return 0n;
  return value > 0n ? 1n : -1n;
}
