import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { CallReport } from "../kube/client.ts";
import type { CacheSet } from "./cache-set.ts";
import type { Controller, PassReport } from "./controller.ts";

/** Seconds: from a cache hit to a pass that waits for a slow head. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Metrics of the operator as a program, by the names that dashboards of Kubernetes controllers expect
 * (`controller_runtime_*`, `workqueue_*`, `rest_client_*`, `leader_election_master_status`), and of its caches (`manta_*`).
 */
export class OperatorMetrics {
  readonly registry: Registry = new Registry();
  readonly #passes: Counter<"controller" | "result">;
  readonly #errors: Counter<"controller">;
  readonly #passSeconds: Histogram<"controller">;
  readonly #waitSeconds: Histogram<"name">;
  readonly #calls: Counter<"code" | "method" | "resource">;
  readonly #callSeconds: Histogram<"verb">;
  readonly #limiterSeconds: Histogram<"verb">;
  readonly #leader: Gauge<"name">;

  constructor() {
    const registers = [this.registry];
    const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
      new Counter({ name, help, labelNames, registers });
    const histogram = <L extends string>(name: string, help: string, labelNames: L[]): Histogram<L> =>
      new Histogram({ name, help, labelNames, buckets: secondsBuckets, registers });
    this.#passes = counter("controller_runtime_reconcile_total", "Passes over keys", ["controller", "result"]);
    this.#errors = counter("controller_runtime_reconcile_errors_total", "Passes that failed", ["controller"]);
    this.#passSeconds = histogram("controller_runtime_reconcile_time_seconds", "Time of a pass", ["controller"]);
    this.#waitSeconds = histogram("workqueue_queue_duration_seconds", "Time a due key waits", ["name"]);
    this.#calls = counter("rest_client_requests_total", "Calls of the API", ["code", "method", "resource"]);
    this.#callSeconds = histogram("rest_client_request_duration_seconds", "Time of a call", ["verb"]);
    this.#limiterSeconds = histogram("rest_client_rate_limiter_duration_seconds", "Wait for the rate limit", ["verb"]);
    this.#leader = new Gauge({
      name: "leader_election_master_status",
      help: "1: this process is the leader",
      labelNames: ["name"],
      registers,
    });
    collectDefaultMetrics({ register: this.registry });
  }

  readonly onPass = ({ kind, result, durationMs, waitedMs }: PassReport): void => {
    const controller = kind.toLowerCase();
    this.#passes.inc({ controller, result });
    if (result === "error") this.#errors.inc({ controller });
    this.#passSeconds.observe({ controller }, durationMs / 1_000);
    this.#waitSeconds.observe({ name: controller }, waitedMs / 1_000);
  };

  readonly onCall = ({ verb, resource, code, durationMs, limiterMs }: CallReport): void => {
    this.#calls.inc({ code: code === 0 ? "<error>" : String(code), method: verb, resource });
    if (verb !== "watch") this.#callSeconds.observe({ verb }, (durationMs - limiterMs) / 1_000);
    this.#limiterSeconds.observe({ verb }, limiterMs / 1_000);
  };

  setLeader(name: string, isLeader: boolean): void {
    this.#leader.set({ name }, isLeader ? 1 : 0);
  }

  /** Figures that are read when they are asked for. */
  follow(controllers: readonly Controller[], caches: CacheSet, droppedEvents: () => number): void {
    const { registry } = this;
    const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void): Gauge =>
      new Gauge({
        name,
        help,
        labelNames,
        registers: [registry],
        collect() {
          this.reset();
          collect(this);
        },
      });
    const ofQueues = (read: (controller: Controller) => number) => (to: Gauge) => {
      for (const controller of controllers) to.set({ name: controller.kind.toLowerCase() }, read(controller));
    };
    gauge(
      "workqueue_depth",
      "Keys due",
      ["name"],
      ofQueues((controller) => controller.queue.depth),
    );
    gauge(
      "workqueue_longest_wait_seconds",
      "Wait of the key due longest",
      ["name"],
      ofQueues((controller) => controller.queue.oldestWaitMs / 1_000),
    );
    gauge("controller_runtime_active_workers", "Passes running", ["controller"], (to) => {
      for (const controller of controllers)
        to.set({ controller: controller.kind.toLowerCase() }, controller.runningCount);
    });
    gauge("manta_operator_stuck_passes", "Passes that do not end", ["controller"], (to) => {
      for (const controller of controllers)
        to.set({ controller: controller.kind.toLowerCase() }, controller.stuckKeys.length);
    });
    gauge("manta_operator_cache_objects", "Objects in a cache", ["resource"], (to) => {
      for (const { resource, cache } of caches.followed) to.set({ resource: resource.plural }, cache.size);
    });
    gauge("manta_operator_cache_lists", "Full lists of a resource since the start", ["resource"], (to) => {
      for (const { resource, informers } of caches.followed)
        to.set(
          { resource: resource.plural },
          informers.reduce((sum, informer) => sum + informer.counts.relists, 0),
        );
    });
    gauge("manta_operator_events_dropped", "Events not written since the start", [], (to) => to.set(droppedEvents()));
  }
}
