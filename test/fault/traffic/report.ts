import type { Outcome } from "./outcome.ts";

/** One class of traffic in one window. */
export interface ClassReport extends Readonly<Record<Outcome, number>> {
  /** All that ended in the window. */
  readonly sent: number;
  /** Of ok and saved ones; the open loop's count from when they were due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Longest time without an ok answer of this class. */
  readonly longestGapMs: number;
}

/** A connection that ended before its answer was whole. */
export interface Cut {
  readonly name: string;
  /** Wall clock. */
  readonly atMs: number;
  /** Mark of the proxy at the other end; empty where the connection had not got an answer yet. */
  readonly proxy: string;
  /** Bytes of the answer had come. */
  readonly begun: boolean;
  /** Of the replica, where known; else 0. */
  readonly pid: number;
}

/** A request that failed, for whoever looks for the cause. */
export interface Incident {
  readonly name: string;
  readonly atMs: number;
  /** 0: no answer. */
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  readonly tookMs: number;
}

/** Everything a window has seen. */
export interface WindowReport {
  readonly seconds: number;
  readonly classes: Readonly<Record<string, ClassReport>>;
  /** Attempts to connect that failed; no request was sent. */
  readonly connectionsRefused: number;
  readonly cuts: readonly Cut[];
  /** The first ones. */
  readonly incidents: readonly Incident[];
}
