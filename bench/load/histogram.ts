/** Bits of precision of a bucket: values are known to 1 in 64. */
const precisionBits = 6;
const half = 1 << (precisionBits - 1);

/** Latencies in fixed logarithmic buckets (as HdrHistogram): constant memory, mergeable. Values in whole µs. */
export class Histogram {
  readonly #counts = new Float64Array(half * (32 - precisionBits + 2));
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  record(valueUs: number): void {
    const value = valueUs < 0 ? 0 : valueUs > 0x7fffffff ? 0x7fffffff : Math.round(valueUs);
    const index = indexOf(value);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    if (value > this.#max) this.#max = value;
  }

  /** Upper end of the bucket that holds this share (0 to 1) of the values; 0 without values. */
  percentile(share: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return Math.min(upperOf(index), this.#max);
    }
    return this.#max;
  }

  add(other: Histogram): void {
    for (let index = 0; index < this.#counts.length; index += 1) {
      this.#counts[index] = (this.#counts[index] ?? 0) + (other.#counts[index] ?? 0);
    }
    this.#count += other.#count;
    this.#max = Math.max(this.#max, other.#max);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
  }
}

const indexOf = (value: number): number => {
  if (value < 2 * half) return value;
  const shift = 32 - precisionBits - Math.clz32(value);
  return shift * half + (value >>> shift);
};

const upperOf = (index: number): number => {
  if (index < 2 * half) return index;
  const shift = Math.floor(index / half) - 1;
  return (index - shift * half + 1) * 2 ** shift - 1;
};
