import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { withTimeout } from "../../base/wait.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { proxyName } from "../../protocol/controller.ts";
import { deploymentKey, type RoutingSnapshot } from "../../protocol/routing.ts";
import { Absences } from "./absences.ts";
import { BuildQueue } from "./build-queue.ts";
import { ClusterView } from "./cluster-view.ts";
import { Custodian } from "./custodian.ts";
import type { DeploymentReconciler } from "./deployment/deployment-reconciler.ts";
import { DeploymentTable } from "./deployment/deployment-table.ts";
import { parseReplicaName } from "./deployment/replica-name.ts";
import type { ControllerEnv } from "./env.ts";
import { type ActorProcess, Fence } from "./fence.ts";
import { FirstLook } from "./first-look.ts";
import { HealthMonitor } from "./health/health-monitor.ts";
import { controllerLimits } from "./limits.ts";
import { ControlLoop } from "./loop/control-loop.ts";
import { Effects } from "./loop/effects.ts";
import type { ControllerPorts } from "./ports.ts";
import { proxyNodes } from "./proxies/decide-proxies.ts";
import { ProxyManager } from "./proxies/proxy-manager.ts";
import { routingContent } from "./routing/routing-content.ts";
import { RoutingPublisher } from "./routing/routing-publisher.ts";
import { dropIfEmpty, type TargetState } from "./state/target-state.ts";
import { TargetStore } from "./state/target-store.ts";
import { type ClusterInventory, watchCluster } from "./watch-cluster.ts";

/** What the controller is made of. */
export interface ControllerDeps {
  readonly ports: ControllerPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly env: ControllerEnv;
  /** The process that this controller is. */
  readonly self: ActorProcess;
  /** Called once when this controller was replaced: its process must end. */
  readonly onFenced: (error: MantaError) => void;
}

/**
 * The controller of Serve: holds the target state, follows the cluster, and lets one reconciler a
 * deployment bring replicas where they shall be. A pass never waits; every call is an effect whose outcome
 * is a signal for the next pass.
 *
 * C1  What people asked for is written down before anything acts on it.
 * C2  Nothing is decided or published before the first complete look at the cluster (`recovered`, see `FirstLook`).
 * C3  A replica is stopped only after a snapshot without it was taken by the control store.
 * C4  What serves and was never asked for, as far as anybody knows, is left as it is (see `Custody`).
 * C5  A controller that was replaced commands nothing (see `Fence`).
 */
export class Controller {
  readonly store: TargetStore;
  readonly cluster = new ClusterView();
  readonly proxies: ProxyManager;
  readonly publisher: RoutingPublisher;
  readonly deployments: DeploymentTable;
  readonly #deps: ControllerDeps;
  readonly #fence: Fence;
  readonly #absences: Absences;
  readonly #firstLook: FirstLook;
  readonly #custodian: Custodian;
  readonly #health: HealthMonitor;
  readonly #effects: Effects;
  readonly #builds: BuildQueue;
  readonly #loop: ControlLoop;
  readonly #end = new AbortController();
  #seenState: TargetState | undefined;
  #nodesChanged = true;
  #recovered = Promise.withResolvers<void>();
  #recovery: "wanted" | "under way" | "complete" = "wanted";
  #drainProxies = true;
  /** Called at the end of each pass; a shutdown follows its progress with it. */
  onPass: (() => void) | undefined;

  constructor(deps: ControllerDeps) {
    const { clock, random, log, env, self } = deps;
    const wake = (): void => this.#loop.wake();
    const onFenced = (error: MantaError): void => {
      this.close();
      deps.onFenced(error);
    };
    this.#fence = new Fence({ gcs: deps.ports.gcs, self, clock, log, onFenced });
    const ports = this.#fence.guard(deps.ports);
    this.#deps = { ...deps, ports };
    const effects = new Effects({ log, wake });
    this.#effects = effects;
    this.store = new TargetStore({ gcs: ports.gcs, clock, log, effects, onChanged: wake });
    const onPublished = (): void => this.deployments.touchStopping();
    this.publisher = new RoutingPublisher({ gcs: ports.gcs, clock, log, effects, onPublished });
    this.#health = new HealthMonitor({
      clock,
      random,
      log,
      check: (actor, timeoutMs) => ports.replicas.checkHealth(actor, timeoutMs),
      onHealthy: (id, ongoing) => this.deployments.onHealthy(id, ongoing),
      onUnhealthy: (id, reason) => this.deployments.onUnhealthy(id, reason),
      wake,
    });
    const { cluster, store, publisher } = this;
    this.proxies = new ProxyManager({ clock, log, env, effects, ports, cluster });
    this.#builds = new BuildQueue({ builds: ports.builds, store, effects, clock, log });
    const isRouted = (id: string): boolean => publisher.isRouted(id);
    const shared = { clock, random, log, env, ports, effects, cluster, health: this.#health, isRouted };
    this.deployments = new DeploymentTable({
      shared,
      store,
      publisher,
      wake,
      onUnexplained: (app) => this.#custodian.unexplained(app),
    });
    const onTaken = (message: string): void => this.#say("serve_checkpoint_lost", message);
    this.#custodian = new Custodian({ gcs: ports.gcs, store, publisher, clock, log, effects, onTaken });
    this.#absences = new Absences({
      clock,
      onLost: (name) => this.#onLost(name),
      onNodeLost: (nodeId) => {
        if (cluster.forget(nodeId, clock.nowMs())) this.#touchAll();
      },
    });
    this.#firstLook = new FirstLook({ gcs: ports.gcs, self: self.actorId, clock, log, signal: this.#end.signal });
    this.#loop = new ControlLoop({ clock, log, periodMs: env.loopPeriodMs, pass: () => this.#pass() });
  }

  /** Passes so far. */
  get passes(): number {
    return this.#loop.passes;
  }

  /** Passes that ended in an exception. */
  get failedPasses(): number {
    return this.#loop.failedPasses;
  }

  reconcilers(): IterableIterator<DeploymentReconciler> {
    return this.deployments.all();
  }

  reconciler(app: string, deployment: string): DeploymentReconciler | undefined {
    return this.deployments.get(app, deployment);
  }

  /** Reads what the last controller knew and begins to follow the cluster. Rejects when the checkpoint cannot be read. */
  async start(): Promise<void> {
    const { ports, clock, log } = this.#deps;
    await this.store.load();
    const watch = watchCluster({
      gcs: ports.gcs,
      clock,
      log,
      signal: this.#end.signal,
      onNode: (node) => {
        this.#absences.nodeSeen(node.nodeId);
        this.#firstLook.nodeSeen(node.nodeId);
        if (this.cluster.observe(node, clock)) this.#touchAll();
      },
      onActor: (actor) => this.#onActor(actor),
      onSynced: (inventory) => this.#onSynced(inventory),
    });
    watch.catch((error: unknown) => log.error({ err: MantaError.from(error) }, "the watch of the cluster ended"));
  }

  /** Resolves once the controller knows the cluster. */
  get recovered(): Promise<void> {
    return this.#recovered.promise;
  }

  /** As `recovered`; `unavailable` when that takes too long. */
  async ready(timeoutMs: number): Promise<void> {
    try {
      await withTimeout(this.#recovered.promise, timeoutMs, "the controller's recovery", this.#deps.clock);
    } catch (error) {
      throw new MantaError("unavailable", "the controller still recovers: try again", { cause: error });
    }
  }

  /** Lets proxies go without a drain from now on: the last step of a shutdown. */
  dropProxies(): void {
    this.#drainProxies = false;
    this.#nodesChanged = true;
    this.#loop.wake();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** It has ended, or was replaced. */
  get closed(): boolean {
    return this.#end.signal.aborted;
  }

  /** Ends this controller and leaves everything as it is. */
  close(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#loop.stop();
  }

  #pass(): number | null {
    this.#followState();
    const absencesAtMs = this.#absences.run();
    const custodyAtMs = this.#custodian.run();
    const healthAtMs = this.#health.run();
    if (this.deployments.turn() || this.#nodesChanged) this.#followProxyNodes();
    const storeAtMs = this.store.run();
    const routingAtMs = this.publisher.run();
    this.deployments.apply();
    const proxiesAtMs = this.proxies.run();
    const buildsAtMs = this.#builds.run();
    this.onPass?.();
    if (this.deployments.isDirty) this.#loop.wake();
    const deploymentsAtMs = this.deployments.nextMs();
    const times = [
      custodyAtMs,
      absencesAtMs,
      healthAtMs,
      deploymentsAtMs,
      storeAtMs,
      routingAtMs,
      proxiesAtMs,
      buildsAtMs,
    ];
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  /** Finds the deployments whose target changed since the last pass. */
  #followState(): void {
    const { state } = this.store;
    const before = this.#seenState;
    if (state === before) return;
    this.#seenState = state;
    const content = routingContent(state, this.#deps.env, this.publisher.knowsLast);
    if (content !== undefined) this.publisher.setContent(content);
    // Whatever leaves custody is either wanted now or goes.
    if (before?.custody !== state.custody) this.deployments.touchAll();
    const capacityChanged = before?.targetCapacityPercent !== state.targetCapacityPercent;
    for (const app of state.apps.values()) {
      const appBefore = before?.apps.get(app.name);
      if (app.deleting && app.deployments.size === 0) this.store.patch((now) => dropIfEmpty(now, app.name));
      if (app === appBefore && !capacityChanged) continue;
      for (const deployment of app.deployments.values()) {
        const changed = appBefore?.deployments.get(deployment.name) !== deployment || capacityChanged;
        if (changed || appBefore?.routePrefix !== app.routePrefix)
          this.deployments.touch(deploymentKey(app.name, deployment.name));
      }
    }
    if (before?.instance !== state.instance) this.#nodesChanged = true;
  }

  #followProxyNodes(): void {
    this.#nodesChanged = false;
    const { instance, custody } = this.store.state;
    const holding = new Set<NodeId>();
    const stopping = new Set<NodeId>();
    for (const reconciler of this.deployments.all()) {
      for (const replica of reconciler.replicas.all()) {
        const nodeId = replica.record?.nodeId ?? null;
        if (nodeId !== null) (replica.phase === "STOPPING" ? stopping : holding).add(nodeId);
      }
    }
    let nodes = new Set<NodeId>();
    if (this.#drainProxies && instance !== null) {
      nodes = proxyNodes(instance.proxyLocation, this.cluster.alive(), holding);
    } else if (this.#drainProxies && custody !== null) {
      // C4: nobody knows where proxies were wanted, so those that are there stay.
      for (const { nodeId } of this.proxies.all()) if (this.cluster.get(nodeId)?.draining === false) nodes.add(nodeId);
    }
    const serving = new Set([...holding, ...stopping]);
    this.proxies.want({ nodes, serving, http: instance?.http ?? {}, drains: this.#drainProxies });
  }

  #onActor(actor: ActorRecord): void {
    const { name, placement } = actor.spec;
    this.#fence.observe(actor);
    this.#firstLook.actorSeen(actor.actorId);
    this.#absences.actorSeen(name);
    if (parseReplicaName(name) !== undefined) {
      this.deployments.observe(actor);
      return;
    }
    if (placement.nodeId === undefined || name !== proxyName(placement.nodeId)) return;
    this.proxies.observe(actor, placement.nodeId);
    this.#nodesChanged = true;
    this.#loop.wake();
  }

  #onSynced(inventory: ClusterInventory): void {
    const nodes = [...this.cluster.alive()].map(({ nodeId }) => nodeId);
    const replicas = [...this.deployments.all()].flatMap((reconciler) => reconciler.replicas.all());
    const actors = [...replicas, ...this.proxies.all()].flatMap(({ record }) => record ?? []);
    this.#absences.synced({ nodes, actors }, inventory);
    this.#touchAll();
    if (this.#recovery === "wanted") this.#recover();
    else if (this.#recovery === "complete") this.#compare();
  }

  #onLost(name: string): void {
    if (parseReplicaName(name) === undefined) this.proxies.onLost(name);
    else this.deployments.onLost(name);
  }

  /** The control store has said all it knows: from here on it is a matter of what it does not know yet (C2). */
  #recover(): void {
    const { clock } = this.#deps;
    this.#recovery = "under way";
    this.#effects.start({
      what: "take the first look",
      run: () => this.#firstLook.take(),
      done: (snapshot) => this.#begin(snapshot),
      failed: () => {
        clock.after(controllerLimits.retryInitialMs, () => {
          if (!this.#end.signal.aborted) this.#recover();
        });
      },
    });
  }

  #begin(snapshot: RoutingSnapshot | null): void {
    const { log } = this.#deps;
    const found = [...this.deployments.all()].filter(({ replicas }) => replicas.size > 0).map(({ app }) => app);
    this.#custodian.begin(found, snapshot);
    this.#recovery = "complete";
    this.publisher.begin(snapshot);
    log.info({ apps: this.store.state.apps.size, routing: snapshot?.version ?? 0 }, "the controller has recovered");
    this.#recovered.resolve();
    this.#loop.start();
  }

  /** A control store that came back may have lost what this controller gave it: it gets it again. */
  #compare(): void {
    const { ports } = this.#deps;
    this.#effects.start({
      what: "compare with the control store",
      run: async () => {
        const lost = await this.store.verify();
        const { snapshot } = await ports.gcs.getRouting({}, { timeoutMs: controllerLimits.callTimeoutMs });
        return { lost, snapshot };
      },
      done: ({ lost, snapshot }) => {
        this.publisher.resume(snapshot);
        if (lost)
          this.#say(
            "serve_checkpoint_restored",
            "the control store had lost the checkpoint of Serve: it was written again",
          );
      },
      // The link broke again: the next one begins with the same question.
      failed: () => undefined,
    });
  }

  #say(kind: string, message: string): void {
    const { ports, clock } = this.#deps;
    const event = { atMs: clock.wallMs(), kind, message, fields: {} };
    this.#effects.start({
      what: "report an event",
      run: () => ports.gcs.reportEvent({ event }, { timeoutMs: controllerLimits.callTimeoutMs }),
      done: () => undefined,
      failed: () => undefined,
    });
  }

  #touchAll(): void {
    this.#nodesChanged = true;
    this.deployments.touchAll();
  }
}
