const unitsNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a duration such as `1h30m` or `-1.5s`; undefined for text that is none. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^([+-]?)(?:0|((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+))$/u.exec(text);
  if (match === null) return undefined;
  let total = 0;
  for (const [, amount = "0", unit = "s"] of (match[2] ?? "").matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gu)) {
    total += Number(amount) * (unitsNs[unit] ?? 0);
  }
  const nanoseconds = BigInt(Math.round(total));
  return match[1] === "-" ? -nanoseconds : nanoseconds;
}
