const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Milliseconds of a duration in an annotation: whole seconds (`600`) or Go's form (`10m`, `1h30m`,
 * `1.5s`). Undefined where it is neither, or not above 0.
 */
export const durationMs = (text: string): number | undefined => {
  if (/^\d{1,9}$/.test(text)) return positive(Number(text) * 1_000);
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
  }
  return positive(total);
};

const positive = (value: number): number | undefined => (value > 0 && Number.isFinite(value) ? value : undefined);
