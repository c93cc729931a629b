import { Histogram } from "./histogram.ts";
import type { LoadAnswer, LoadObserver } from "./load-observer.ts";
import type { PreparedRequest } from "./load-request.ts";

/** Outcomes of requests. Every request sent ends in exactly one of ok, wrong, a status, cut, timedOut. */
export interface OutcomeCounts {
  readonly sent: number;
  /** 2xx, and as expected. */
  readonly ok: number;
  /** 2xx, but not as expected. */
  readonly wrong: number;
  /** Every other status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** The connection ended after the request was sent and before its response was complete. */
  readonly cut: number;
  readonly timedOut: number;
  /** Answers by the class that `LoadRequest.classify` gave them; they count above as well. */
  readonly classes: Readonly<Record<string, number>>;
}

/** What a load has seen so far. Latencies are those of ok answers. */
export interface LoadSnapshot extends OutcomeCounts {
  /** Since the start or the last reset. */
  readonly elapsedMs: number;
  readonly okPerSecond: number;
  /** Attempts to connect that failed; no request was sent. */
  readonly refused: number;
  /** Connections made. */
  readonly connected: number;
  /** Longest time between two ok answers, the one that is running included. */
  readonly longestGapMs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  readonly requests: Readonly<Record<string, OutcomeCounts>>;
}

type Mutable = { -readonly [Key in keyof OutcomeCounts]: OutcomeCounts[Key] } & {
  statuses: Record<number, number>;
  classes: Record<string, number>;
};

const zero = (): Mutable => ({ sent: 0, ok: 0, wrong: 0, statuses: {}, cut: 0, timedOut: 0, classes: {} });

/** Counts what happens to the requests of one load. Times in ms of `performance.now`. */
export class LoadCounters implements LoadObserver {
  #refused = 0;
  #connected = 0;
  #byName = new Map<string, Mutable>();
  readonly #latencies = new Histogram();
  #startMs = 0;
  #lastOkMs = 0;
  #longestGapMs = 0;

  reset(nowMs: number): void {
    this.#refused = 0;
    this.#connected = 0;
    this.#byName = new Map();
    this.#latencies.clear();
    this.#startMs = nowMs;
    this.#lastOkMs = nowMs;
    this.#longestGapMs = 0;
  }

  connected(): void {
    this.#connected += 1;
  }

  refused(): void {
    this.#refused += 1;
  }

  sent({ name }: PreparedRequest): void {
    this.#of(name).sent += 1;
  }

  cut({ name }: PreparedRequest): void {
    this.#of(name).cut += 1;
  }

  timedOut({ name }: PreparedRequest): void {
    this.#of(name).timedOut += 1;
  }

  answered({ name }: PreparedRequest, { status, right, kind, dueMs, nowMs }: LoadAnswer): undefined {
    const counts = this.#of(name);
    if (kind !== undefined) counts.classes[kind] = (counts.classes[kind] ?? 0) + 1;
    if (status < 200 || status > 299) {
      counts.statuses[status] = (counts.statuses[status] ?? 0) + 1;
    } else if (right) {
      counts.ok += 1;
      this.#latencies.record((nowMs - dueMs) * 1000);
      const gapMs = nowMs - this.#lastOkMs;
      if (gapMs > this.#longestGapMs) this.#longestGapMs = gapMs;
      this.#lastOkMs = nowMs;
    } else {
      counts.wrong += 1;
    }
  }

  snapshot(nowMs: number): LoadSnapshot {
    const total = zero();
    for (const counts of this.#byName.values()) {
      for (const key of ["sent", "ok", "wrong", "cut", "timedOut"] as const) total[key] += counts[key];
      for (const [status, count] of Object.entries(counts.statuses)) {
        total.statuses[Number(status)] = (total.statuses[Number(status)] ?? 0) + count;
      }
      for (const [kind, count] of Object.entries(counts.classes))
        total.classes[kind] = (total.classes[kind] ?? 0) + count;
    }
    const elapsedMs = nowMs - this.#startMs;
    return {
      ...total,
      elapsedMs,
      okPerSecond: elapsedMs === 0 ? 0 : (total.ok * 1000) / elapsedMs,
      refused: this.#refused,
      connected: this.#connected,
      longestGapMs: Math.max(this.#longestGapMs, nowMs - this.#lastOkMs),
      p50Us: this.#latencies.percentile(0.5),
      p90Us: this.#latencies.percentile(0.9),
      p99Us: this.#latencies.percentile(0.99),
      p999Us: this.#latencies.percentile(0.999),
      maxUs: this.#latencies.max,
      requests: Object.fromEntries([...this.#byName].map(([name, counts]) => [name, structuredClone(counts)])),
    };
  }

  #of(name: string): Mutable {
    let counts = this.#byName.get(name);
    if (counts === undefined) {
      counts = zero();
      this.#byName.set(name, counts);
    }
    return counts;
  }
}
