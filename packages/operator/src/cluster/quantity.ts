/** An amount as Kubernetes counts: exact, in billionths, with the notation it was written in. */
export interface Quantity {
  /** Billionths of one. */
  readonly nanos: bigint;
  readonly binary: boolean;
}

const billion = 1_000_000_000n;

const binaryUnits: readonly (readonly [string, bigint])[] = ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"].map(
  (unit, index) => [unit, 1024n ** BigInt(6 - index)] as const,
);
const decimalUnits: readonly (readonly [string, bigint])[] = [
  ["E", 10n ** 27n],
  ["P", 10n ** 24n],
  ["T", 10n ** 21n],
  ["G", 10n ** 18n],
  ["M", 10n ** 15n],
  ["k", 10n ** 12n],
  ["", billion],
  ["m", 1_000_000n],
  ["u", 1_000n],
  ["n", 1n],
];

/** Nothing. */
export const zeroQuantity: Quantity = { nanos: 0n, binary: false };

/** Reads `500m`, `2Gi`, `1.5`, `1e3` or a number. Undefined where it is none of them. */
export const parseQuantity = (value: string | number): Quantity | undefined => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,2}))?$/.exec(
    String(value).trim(),
  );
  const [, sign, whole = "", fraction = "", binary, decimal, exponent] = match ?? [];
  if (match === null || `${whole}${fraction}` === "") return undefined;
  const scale = 10n ** BigInt(fraction.length);
  const digits = BigInt(`${whole}${fraction}`);
  const nanos = roundUp(
    digits * factor(binary, decimal, exponent),
    scale * (exponent?.startsWith("-") ? power(exponent) : 1n),
  );
  return { nanos: sign === "-" ? -nanos : nanos, binary: binary !== undefined };
};

const factor = (binary: string | undefined, decimal: string | undefined, exponent: string | undefined): bigint => {
  if (binary !== undefined) return billion * (binaryUnits.find(([unit]) => unit === binary)?.[1] ?? 1n);
  if (decimal !== undefined) return decimalUnits.find(([unit]) => unit === decimal)?.[1] ?? billion;
  if (exponent === undefined || exponent.startsWith("-")) return billion;
  return billion * power(exponent);
};

const power = (exponent: string): bigint => 10n ** BigInt(exponent.replace(/^[+-]/, ""));

/** Away from zero: an amount that is not a whole number of billionths still costs something. */
const roundUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor;

/** The sum; it keeps the notation of the first that is not zero. */
export const addQuantities = (left: Quantity, right: Quantity): Quantity => ({
  nanos: left.nanos + right.nanos,
  binary: left.nanos === 0n ? right.binary : left.binary,
});

/** So many times as much. */
export const multiplyQuantity = (quantity: Quantity, times: number): Quantity => ({
  ...quantity,
  nanos: quantity.nanos * BigInt(times),
});

/** Whole units, rounded up: 1500m is 2. */
export const ceilQuantity = (quantity: Quantity): bigint => {
  const whole = quantity.nanos / billion;
  return quantity.nanos > whole * billion ? whole + 1n : whole;
};

/** The largest unit that needs no fraction, as an API server prints it. */
export const formatQuantity = (quantity: Quantity): string => {
  const { nanos } = quantity;
  if (nanos === 0n) return "0";
  if (quantity.binary && nanos % billion === 0n) {
    const units = nanos / billion;
    const [unit, size] = binaryUnits.find(([, bytes]) => units % bytes === 0n) ?? ["", 1n];
    return `${units / size}${unit}`;
  }
  const [unit, size] = decimalUnits.find(([, scale]) => nanos % scale === 0n) ?? ["n", 1n];
  return `${nanos / size}${unit}`;
};
