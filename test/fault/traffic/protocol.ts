import type { Latencies } from "./latency-log.ts";
import type { WindowReport } from "./report.ts";

/** How much is sent. */
export interface TrafficPlan {
  /** The front address. */
  readonly url: string;
  readonly seed: number;
  /** Closed loop: connections, and its upper bound. */
  readonly connections: number;
  readonly closedPerSecond: number;
  readonly openPerSecond: number;
  readonly openConnectionsMax: number;
  readonly uploadsPerSecond: number;
  /** Event streams at a time. */
  readonly streams: number;
  /** WebSockets at a time. */
  readonly sockets: number;
  /** Longer without an answer is a failure. */
  readonly timeoutMs: number;
}

/** From the harness. */
export type TrafficOrder =
  | { readonly kind: "start"; readonly plan: TrafficPlan }
  /** Waits until what is open has ended, `settleMs` at most, ends the window and begins the next. */
  | { readonly kind: "take"; readonly settleMs: number }
  /** Ok answers since the start. */
  | { readonly kind: "ok" }
  /** Classes of which a request has ended in this window. */
  | { readonly kind: "seen" }
  | { readonly kind: "latencies"; readonly fromMs: number; readonly toMs: number };

/** To the harness. */
export interface TrafficAnswer {
  readonly id: number;
  readonly value: WindowReport | Latencies | readonly string[] | number | null;
}
