import { Histogram } from "../../../bench/load/histogram.ts";
import type { LoadAnswer, LoadObserver, NoAnswer } from "../../../bench/load/load-observer.ts";
import type { PreparedRequest } from "../../../bench/load/load-request.ts";
import { LatencyLog } from "./latency-log.ts";
import { type Outcome, outcomeOf, proxyOf, reasonOf } from "./outcome.ts";
import type { ClassReport, Cut, Incident, WindowReport } from "./report.ts";

/** Kept of each window: the first ones say why, the count says how many. */
const incidentsMax = 50;
const cutsMax = 10_000;
const bodyCharsMax = 200;

class ClassTally {
  readonly counts: Record<Outcome, number> = { ok: 0, saved: 0, refused: 0, failed: 0, cut: 0 };
  readonly latencies = new Histogram();
  lastOkMs: number;
  longestGapMs = 0;

  constructor(nowMs: number) {
    this.lastOkMs = nowMs;
  }

  ok(dueMs: number, nowMs: number): void {
    this.latencies.record((nowMs - dueMs) * 1000);
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.lastOkMs);
    this.lastOkMs = nowMs;
  }

  report(nowMs: number): ClassReport {
    const { counts, latencies } = this;
    const percentileMs = (share: number): number => Math.round(latencies.percentile(share) / 10) / 100;
    return {
      ...counts,
      sent: Object.values(counts).reduce((sum, count) => sum + count, 0),
      p50Ms: percentileMs(0.5),
      p99Ms: percentileMs(0.99),
      p999Ms: percentileMs(0.999),
      maxMs: Math.round(latencies.max / 1000),
      longestGapMs: Math.round(Math.max(this.longestGapMs, nowMs - this.lastOkMs)),
    };
  }
}

/**
 * Counts the requests of all loops, window by window. A request counts in the window in which it ends, so that
 * every row adds up. Each ends in exactly one outcome.
 */
export class Tally {
  /** Of the open loop: what the percentiles over time are taken from. */
  readonly latencyLog = new LatencyLog();
  ok = 0;
  #classes = new Map<string, ClassTally>();
  #incidents: Incident[] = [];
  #cuts: Cut[] = [];
  #connectionsRefused = 0;
  #startMs = performance.now();

  /** For the connections of one loop. */
  observer(options: { readonly logLatency: boolean }): LoadObserver {
    return {
      connected: () => undefined,
      refused: () => {
        this.#connectionsRefused += 1;
      },
      sent: () => undefined,
      answered: (request, answer) => this.#answered(request, answer, options.logLatency),
      cut: ({ name }, facts) => this.cut(name, { ...facts, pid: 0 }),
      timedOut: ({ name }, { dueMs, nowMs, body }) => {
        this.failed(name, { status: 0, reason: "no answer in time", body, tookMs: nowMs - dueMs });
      },
    };
  }

  succeeded(name: string, outcome: "ok" | "saved", dueMs: number, nowMs: number): void {
    const tally = this.#of(name);
    tally.counts[outcome] += 1;
    tally.ok(dueMs, nowMs);
    this.ok += 1;
  }

  refused(name: string): void {
    this.#of(name).counts.refused += 1;
  }

  failed(name: string, facts: Pick<Incident, "status" | "reason" | "body" | "tookMs">): void {
    this.#of(name).counts.failed += 1;
    this.#note({
      ...facts,
      name,
      atMs: wallMs(),
      body: facts.body.slice(0, bodyCharsMax),
      tookMs: Math.round(facts.tookMs),
    });
  }

  /** `pid`: of the replica, where the answer's head told it. */
  cut(name: string, facts: Pick<NoAnswer, "peer" | "begun"> & { readonly pid: number }): void {
    this.#of(name).counts.cut += 1;
    const { peer, begun, pid } = facts;
    if (this.#cuts.length < cutsMax) this.#cuts.push({ name, atMs: wallMs(), proxy: peer, begun, pid });
  }

  /** Classes of which a request has ended in this window. */
  get seen(): readonly string[] {
    return [...this.#classes.keys()];
  }

  /** What the window has seen; the next one begins. */
  take(): WindowReport {
    const nowMs = performance.now();
    const report = {
      seconds: (nowMs - this.#startMs) / 1000,
      classes: Object.fromEntries([...this.#classes].map(([name, tally]) => [name, tally.report(nowMs)])),
      connectionsRefused: this.#connectionsRefused,
      cuts: this.#cuts,
      incidents: this.#incidents,
    };
    this.#classes = new Map();
    this.#incidents = [];
    this.#cuts = [];
    this.#connectionsRefused = 0;
    this.#startMs = nowMs;
    return report;
  }

  #answered({ name }: PreparedRequest, answer: LoadAnswer, logLatency: boolean): string | undefined {
    const { status, head, body, right, kind, dueMs, nowMs } = answer;
    const outcome = outcomeOf(status, right, kind);
    if (outcome === "ok" || outcome === "saved") {
      this.succeeded(name, outcome, dueMs, nowMs);
      if (logLatency) this.latencyLog.record(dueMs, nowMs);
    } else if (outcome === "refused") this.refused(name);
    else this.failed(name, { status, reason: reasonOf(head), body, tookMs: nowMs - dueMs });
    return proxyOf(head) || undefined;
  }

  #note(incident: Incident): void {
    if (this.#incidents.length < incidentsMax) this.#incidents.push(incident);
  }

  #of(name: string): ClassTally {
    let tally = this.#classes.get(name);
    if (tally === undefined) {
      tally = new ClassTally(this.#startMs);
      this.#classes.set(name, tally);
    }
    return tally;
  }
}

const wallMs = (): number => Math.round(performance.timeOrigin + performance.now());
