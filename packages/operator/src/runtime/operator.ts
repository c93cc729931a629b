import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Logger } from "pino";
import { kinds } from "../api/names.ts";
import type { ApiAccess } from "../kube/access/api-access.ts";
import type { ApplyPlanOptions } from "../kube/apply-plan.ts";
import { RestKubeApi } from "../kube/client.ts";
import { type Clock, pause, systemClock } from "../kube/clock.ts";
import { EventRecorder } from "../kube/events.ts";
import { Expectations } from "../kube/expectations.ts";
import { fieldManager, type KubeApi } from "../kube/kube-api.ts";
import { LeaderElection } from "../kube/leader-election.ts";
import { keyOf } from "../kube/objects.ts";
import type { Reconciler } from "../kube/reconciler.ts";
import type { ReconcilerDeps } from "../kube/reconciler-deps.ts";
import { TokenBucket } from "../kube/token-bucket.ts";
import { Transport } from "../kube/transport.ts";
import { CacheSet } from "./cache-set.ts";
import { Controller } from "./controller.ts";
import { HttpEndpoint } from "./http-endpoint.ts";
import { runtimeLimits } from "./limits.ts";
import { unlessManagedElsewhere } from "./managed-by.ts";
import { OperatorMetrics } from "./metrics.ts";
import { addObjectMetrics } from "./object-metrics.ts";
import type { OperatorSettings } from "./settings.ts";
import { connectTriggers } from "./triggers.ts";
import { operatorVersion } from "./version.ts";

/** The Lease of the reference's operator: ours and it never work at the same time. */
export const leaseName = "ray-operator-leader";

/** Makes a reconciler of what the operator has. */
export type ReconcilerFactory = (deps: ReconcilerDeps, settings: OperatorSettings, access: ApiAccess) => Reconciler;

/** What an operator is made of. */
export interface OperatorOptions {
  readonly access: ApiAccess;
  readonly settings: OperatorSettings;
  /** Of `RayCluster` and `RayService`; each has a kind of its own. */
  readonly reconcilers: readonly ReconcilerFactory[];
  readonly log: Logger;
  readonly clock?: Clock;
  /** For tests that let it die between two actions. */
  readonly onAction?: ApplyPlanOptions["onAction"];
}

/**
 * The operator: caches follow the API server all the time; reconcilers work while this process is the leader.
 * Life: `start` → (leader) working → `close`, or `ended` says "lost" when the lease went to another.
 */
export class Operator {
  readonly caches: CacheSet;
  readonly api: KubeApi;
  readonly metrics: OperatorMetrics = new OperatorMetrics();
  readonly controllers: readonly Controller[];
  /** Resolves when the operator has stopped working: "lost" means that the process must end. */
  readonly ended: Promise<"stopped" | "lost">;
  readonly #options: OperatorOptions;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #recorder: EventRecorder;
  readonly #election: LeaderElection | undefined;
  readonly #stopping = new AbortController();
  readonly #caching = new AbortController();
  #state: "starting" | "standby" | "working" | "ended" = "starting";
  #end: (how: "stopped" | "lost") => void = () => undefined;
  #endpoints: HttpEndpoint[] = [];
  #working: Promise<void> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(options: OperatorOptions) {
    const { access, settings, log } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const clock = this.#clock;
    const identity = `${hostname()}_${randomUUID()}`;
    const { promise, resolve } = Promise.withResolvers<"stopped" | "lost">();
    this.ended = promise;
    this.#end = resolve;
    this.#transport = new Transport(access, `${fieldManager}/${operatorVersion}`);
    const shared = { transport: this.#transport, onCall: this.metrics.onCall };
    const limiter = (): TokenBucket => new TokenBucket({ ratePerSecond: settings.qps, burst: settings.burst, clock });
    this.api = new RestKubeApi({ ...shared, limiter: limiter() });
    this.caches = new CacheSet({ api: this.api, namespaces: settings.watchNamespaces, clock, log });
    const told = { controller: fieldManager, instance: identity.slice(0, instanceLengthMax) };
    // With a limit of its own: a thousand events must not stand before the pods that they tell of.
    this.#recorder = new EventRecorder({
      api: new RestKubeApi({ ...shared, limiter: limiter() }),
      ...told,
      clock,
      log,
    });
    const namespace = settings.leaderElectionNamespace || (access.namespace ?? "default");
    this.#election = settings.leaderElection
      ? new LeaderElection({ api: new RestKubeApi(shared), namespace, name: leaseName, identity, clock, log })
      : undefined;
    this.controllers = this.#makeControllers();
    this.metrics.follow(this.controllers, this.caches, () => this.#recorder.dropped);
    if (settings.objectMetrics)
      addObjectMetrics(this.metrics.registry, this.caches.rayClusters, this.caches.rayServices);
  }

  /** Is it the leader and at work? */
  get isWorking(): boolean {
    return this.#state === "working";
  }

  /** Ports of the endpoints, for settings with port 0: metrics, then health; those that are on. */
  get ports(): readonly number[] {
    return this.#endpoints.map((endpoint) => endpoint.port);
  }

  /** Resolves when the endpoints listen; caches and election go on behind it. */
  async start(): Promise<void> {
    const { metricsAddress, healthAddress } = this.#options.settings;
    const { registry } = this.metrics;
    if (metricsAddress !== undefined)
      this.#endpoints.push(
        await HttpEndpoint.listen(metricsAddress, {
          "/metrics": async () => ({ status: 200, text: await registry.metrics(), contentType: registry.contentType }),
        }),
      );
    if (healthAddress !== undefined)
      this.#endpoints.push(
        await HttpEndpoint.listen(healthAddress, {
          "/healthz": () => answerOf(this.unhealthy()),
          "/readyz": () => answerOf(this.unready()),
        }),
      );
    this.#following = this.caches.run(this.#caching.signal);
    this.#working = this.#work();
  }

  /** Why the process should be restarted; empty: it is well. */
  unhealthy(): readonly string[] {
    const stuck = this.controllers.flatMap(({ kind, stuckKeys }) => stuckKeys.map((key) => `${kind} ${key}: stuck`));
    return this.#state === "ended" ? [...stuck, "the lease is lost"] : stuck;
  }

  /** Why it is not ready; empty: it is. A standby whose caches are filled is ready. */
  unready(): readonly string[] {
    const unsynced = this.caches.unsynced.map((resource) => `${resource}: not listed yet`);
    const silent = this.caches.followed
      .filter(({ informers }) => informers.some(({ silentMs }) => silentMs > runtimeLimits.cacheSilentMs))
      .map(({ resource }) => `${resource.plural}: nothing heard for long`);
    return [...this.unhealthy(), ...unsynced, ...(unsynced.length === 0 ? silent : [])];
  }

  /** Ends in order: passes, events, lease, caches, connections. `drainMs`: for the passes. */
  close(drainMs: number = runtimeLimits.drainMs): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    const wasWorking = this.#state === "working";
    this.#state = "ended";
    // The lease is held until nothing is written any more.
    if (wasWorking) await Promise.all(this.controllers.map((controller) => controller.close(drainMs)));
    await this.#recorder.close(runtimeLimits.eventFlushMs);
    this.#stopping.abort();
    await this.#working;
    await this.#election?.release();
    this.metrics.setLeader(leaseName, false);
    this.#caching.abort();
    await this.#following;
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
    await this.#transport.close();
    this.#end("stopped");
  }

  async #work(): Promise<void> {
    const signal = this.#stopping.signal;
    await this.#synced(signal);
    if (signal.aborted) return;
    if (this.#state === "starting") this.#state = "standby";
    if (this.#election !== undefined && !(await this.#election.acquire(signal))) return;
    if (this.#state !== "standby") return;
    this.#state = "working";
    this.metrics.setLeader(leaseName, true);
    const disconnect = this.#connect();
    const resyncing = this.#resync(signal);
    for (const controller of this.controllers) controller.start();
    const how = (await this.#election?.hold(signal)) ?? "stopped";
    if (how === "lost") {
      // Another may begin in a moment: nothing more is written.
      this.#state = "ended";
      await Promise.all(this.controllers.map((controller) => controller.close(0)));
      this.metrics.setLeader(leaseName, false);
      this.#end("lost");
    }
    await resyncing;
    disconnect();
  }

  async #synced(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const startedMs = this.#clock.nowMs();
    let warned = false;
    while (this.caches.unsynced.length > 0 && !signal.aborted) {
      await pause(this.#clock, syncPollMs, signal);
      if (warned || this.#clock.nowMs() - startedMs < runtimeLimits.syncWarnMs) continue;
      warned = true;
      log.warn({ resources: this.caches.unsynced }, "still waiting for the first lists");
    }
    log.info({ tookMs: Math.round(this.#clock.nowMs() - startedMs) }, "caches are filled");
  }

  #enqueue(kind: string, key: string): void {
    for (const controller of this.controllers) if (controller.takes(kind)) controller.queue.add(key);
  }

  #enqueueAll(): void {
    for (const { metadata } of this.caches.rayClusters.list()) this.#enqueue(kinds.rayCluster, keyOf(metadata));
    for (const { metadata } of this.caches.rayServices.list()) this.#enqueue(kinds.rayService, keyOf(metadata));
  }

  #connect(): () => void {
    const disconnect = connectTriggers(this.caches, (kind, key) => this.#enqueue(kind, key));
    this.#enqueueAll();
    return disconnect;
  }

  async #resync(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(this.#clock, this.#options.settings.resyncMs, signal);
      if (signal.aborted || this.#state !== "working") return;
      this.#enqueueAll();
    }
  }

  #makeControllers(): readonly Controller[] {
    const { access, log, settings, reconcilers, onAction } = this.#options;
    const clock = this.#clock;
    const expectations = new Expectations({ lookup: (resource, ref) => this.caches.lookup(resource, ref), clock });
    this.caches.pods.subscribe(({ type, old }) => {
      if (type === "deleted") expectations.observeGone(old.metadata.uid);
    });
    this.caches.rayClusters.subscribe(({ type, old }) => {
      if (type === "deleted") expectations.forget(keyOf(old.metadata));
    });
    const deps: ReconcilerDeps = {
      api: this.api,
      caches: this.caches,
      expectations,
      recorder: this.#recorder,
      clock,
      log,
      enqueue: (kind, key) => this.#enqueue(kind, key),
      ...(onAction === undefined ? {} : { onAction }),
    };
    const { concurrency, reconcileTimeoutMs: timeoutMs } = settings;
    return reconcilers.map((make) => {
      const made = make(deps, settings, access);
      const cache =
        (made.objects ?? made.kind) === kinds.rayService ? this.caches.rayServices : this.caches.rayClusters;
      const reconciler = unlessManagedElsewhere(made, cache);
      return new Controller({ reconciler, concurrency, clock, log, timeoutMs, onPass: this.metrics.onPass });
    });
  }
}

/** Until the first lists are complete. */
const syncPollMs = 50;

/** `reportingInstance` of an event. */
const instanceLengthMax = 128;

const answerOf = (reasons: readonly string[]) =>
  reasons.length === 0 ? { status: 200, text: "ok\n" } : { status: 503, text: `${reasons.join("\n")}\n` };
