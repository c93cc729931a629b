/**
 * Amounts of resources such as `500m`, `1.5`, `2Gi`, `1e3`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 * Exact: counted in billionths, as the reference does at its finest.
 */

const nano = 1_000_000_000n;
const binary: Readonly<Record<string, bigint>> = {
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
};
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/;

/** In billionths; undefined for text that is no quantity. Finer parts are rounded up. */
export const parseQuantity = (value: unknown): bigint | undefined => {
  const match = typeof value === "string" || typeof value === "number" ? pattern.exec(String(value)) : null;
  if (match === null) return undefined;
  const [, sign = "", digits = "", suffix = ""] = match;
  const [whole = "0", fraction = ""] = digits.split(".");
  const units = BigInt(`${whole}${fraction}` || "0");
  const magnitude = scaled(units, fraction.length, suffix);
  return sign === "-" ? -magnitude : magnitude;
};

/** As the API writes it; `format` decides between `1024Mi`-like and `1G`-like units. */
export const quantityText = (billionths: bigint, format: "binary" | "decimal"): string => {
  if (billionths === 0n) return "0";
  if (format === "binary" && billionths % nano === 0n && abs(billionths) >= 1024n * nano)
    return binaryText(billionths / nano);
  for (const [suffix, exponent] of decimalUnits) {
    const unit = 10n ** BigInt(exponent + 9);
    if (billionths % unit === 0n) return `${billionths / unit}${suffix}`;
  }
  throw new RangeError(`no unit fits ${billionths} billionths`);
};

/** The canonical text of a quantity (`1000m` is `1`, `0.5` is `500m`); text that is none is given back. */
export const canonicalQuantity = (value: unknown): unknown => {
  if (typeof value === "string" && canonical.test(value)) return value;
  const parsed = parseQuantity(value);
  return parsed === undefined ? value : quantityText(parsed, isBinary(value) ? "binary" : "decimal");
};

/** Most amounts are; the rest is for arithmetic to decide. */
const canonical = /^(?:0|[1-9]\d{0,2}m|[1-9]\d?(?:Ki|Mi|Gi|Ti)?)$/;

/** Whether the text is written in powers of 1024. */
export const isBinary = (value: unknown): boolean => typeof value === "string" && value.endsWith("i");

const decimalUnits = Object.entries(decimal).toSorted(([, a], [, b]) => b - a);

const scaled = (units: bigint, fractionDigits: number, suffix: string): bigint => {
  const factor = binary[suffix];
  if (factor !== undefined) return ceilDivide(units * factor * nano, 10n ** BigInt(fractionDigits));
  const exponent = decimal[suffix] ?? Number(suffix.slice(1));
  const power = exponent + 9 - fractionDigits;
  return power >= 0 ? units * 10n ** BigInt(power) : ceilDivide(units, 10n ** BigInt(-power));
};

const binaryText = (units: bigint): string => {
  const found = Object.entries(binary).findLast(([, factor]) => units % factor === 0n);
  return found === undefined ? String(units) : `${units / found[1]}${found[0]}`;
};

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const abs = (value: bigint): bigint => (value < 0n ? -value : value);
