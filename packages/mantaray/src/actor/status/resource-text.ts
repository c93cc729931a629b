/** Amounts of resources by name. */
type Amounts = Readonly<Record<string, number>>;

const byteUnits = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

/** `0B`, `512.00KiB`, `4.05GiB`. */
export const formatBytes = (bytes: number): string => {
  for (const [unit, size] of byteUnits) {
    if (bytes >= size) return `${(bytes / size).toFixed(2)}${unit}`;
  }
  return `${Math.trunc(bytes)}B`;
};

/** One line a resource, by name: `0.5/10.0 CPU`, `0B/4.05GiB memory`. */
export const formatUsage = (total: Amounts, used: Amounts): readonly string[] =>
  Object.keys(total)
    .toSorted()
    .map((name) => `${formatAmount(name, used[name] ?? 0)}/${formatAmount(name, total[name] ?? 0)} ${name}`);

/** `{'CPU': 1.0}`, as the reference prints a demand. */
export const formatDemand = (demand: Amounts): string => {
  const parts = Object.entries(demand).map(([name, amount]) => `'${name}': ${formatFloat(amount)}`);
  return `{${parts.join(", ")}}`;
};

const formatAmount = (name: string, amount: number): string =>
  name === "memory" || name.endsWith("_memory") ? formatBytes(amount) : formatFloat(amount);

/** A number with at least one decimal; sums of fractions lose their binary dust. */
const formatFloat = (amount: number): string => {
  const rounded = Math.round(amount * 10_000) / 10_000;
  return Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
};
