import { Histogram } from "../../../bench/load/histogram.ts";

const secondsKept = 240;

/** Percentiles of a span of time. */
export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** Latencies by the second in which a request was due, so that any span of the last minutes can be asked for. */
export class LatencyLog {
  readonly #seconds = new Map<number, Histogram>();

  /** Times of `performance.now`. */
  record(dueMs: number, nowMs: number): void {
    const second = Math.floor((performance.timeOrigin + dueMs) / 1000);
    let histogram = this.#seconds.get(second);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.#seconds.set(second, histogram);
      this.#seconds.delete(second - secondsKept);
    }
    histogram.record((nowMs - dueMs) * 1000);
  }

  /** Of whole seconds that touch the span; wall clock, ms. */
  between(fromMs: number, toMs: number): Latencies {
    const sum = new Histogram();
    for (let second = Math.floor(fromMs / 1000); second <= Math.floor(toMs / 1000); second += 1) {
      const histogram = this.#seconds.get(second);
      if (histogram !== undefined) sum.add(histogram);
    }
    const percentileMs = (share: number): number => Math.round(sum.percentile(share) / 10) / 100;
    return { count: sum.count, p50Ms: percentileMs(0.5), p99Ms: percentileMs(0.99), p999Ms: percentileMs(0.999) };
  }
}
