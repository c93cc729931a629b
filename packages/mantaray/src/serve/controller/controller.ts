import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { withTimeout } from "../../base/wait.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { proxyName } from "../../protocol/controller.ts";
import { replicaArgsSchema } from "../../protocol/replica.ts";
import { deploymentKey } from "../../protocol/routing.ts";
import { BuildQueue } from "./build-queue.ts";
import { ClusterView } from "./cluster-view.ts";
import { DeploymentReconciler } from "./deployment/deployment-reconciler.ts";
import type { ReconcilerShared, ReconcilerSink } from "./deployment/reconciler-shared.ts";
import { parseReplicaName } from "./deployment/replica.ts";
import type { ControllerEnv } from "./env.ts";
import { HealthMonitor } from "./health/health-monitor.ts";
import { controllerLimits } from "./limits.ts";
import { ControlLoop } from "./loop/control-loop.ts";
import { DueHeap } from "./loop/due-heap.ts";
import { Effects } from "./loop/effects.ts";
import type { ControllerPorts } from "./ports.ts";
import { proxyNodes } from "./proxies/decide-proxies.ts";
import { ProxyManager } from "./proxies/proxy-manager.ts";
import { routingContent } from "./routing/routing-content.ts";
import { RoutingPublisher } from "./routing/routing-publisher.ts";
import { scalingNote } from "./state/finish-build.ts";
import { wantedReplicas } from "./state/scale-deployment.ts";
import {
  type AppTarget,
  type DeploymentTarget,
  effectiveRevision,
  findDeployment,
  type TargetState,
  withDeployment,
  withoutApp,
  withoutDeployment,
} from "./state/target-state.ts";
import { TargetStore } from "./state/target-store.ts";
import { type DeploymentStatusEvent, nextDeploymentStatus } from "./status/deployment-status.ts";
import { type ClusterInventory, watchCluster } from "./watch-cluster.ts";

/** What the controller is made of. */
export interface ControllerDeps {
  readonly ports: ControllerPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly env: ControllerEnv;
}

/**
 * The controller of Serve: holds the target state, follows the cluster, and lets one reconciler a
 * deployment bring replicas where they shall be. A pass never waits; every call is an effect whose outcome
 * is a signal for the next pass.
 *
 * C1  What people asked for is written down before anything acts on it.
 * C2  Nothing is decided or published before the first complete look at the cluster (`recovered`).
 * C3  A replica is stopped only after a snapshot without it was taken by the control store.
 */
export class Controller {
  readonly store: TargetStore;
  readonly cluster = new ClusterView();
  readonly proxies: ProxyManager;
  readonly publisher: RoutingPublisher;
  readonly #deps: ControllerDeps;
  readonly #shared: ReconcilerShared;
  readonly #health: HealthMonitor;
  readonly #effects: Effects;
  readonly #builds: BuildQueue;
  readonly #loop: ControlLoop;
  readonly #reconcilers = new Map<string, DeploymentReconciler>();
  readonly #dirty = new Set<string>();
  readonly #wakeTimes = new DueHeap<string>();
  readonly #end = new AbortController();
  /** Actors that were known when the present subscription began. */
  #knownBefore = new Map<string, ActorRecord>();
  #seenState: TargetState | undefined;
  #nodesChanged = true;
  #recovered = Promise.withResolvers<void>();
  #isRecovered = false;
  #drainProxies = true;
  /** Called at the end of each pass; a shutdown follows its progress with it. */
  onPass: (() => void) | undefined;

  constructor(deps: ControllerDeps) {
    const { ports, clock, random, log, env } = deps;
    this.#deps = deps;
    const wake = (): void => this.#loop.wake();
    this.#effects = new Effects({ log, wake });
    this.store = new TargetStore({ gcs: ports.gcs, clock, log, effects: this.#effects, onChanged: wake });
    this.publisher = new RoutingPublisher({
      gcs: ports.gcs,
      clock,
      log,
      effects: this.#effects,
      onPublished: () => this.#touchStopping(),
    });
    this.#health = new HealthMonitor({
      clock,
      random,
      log,
      check: (actor, timeoutMs) => ports.replicas.checkHealth(actor, timeoutMs),
      onUnhealthy: (id, reason) => this.#onUnhealthy(id, reason),
      wake,
    });
    this.proxies = new ProxyManager({ clock, log, env, effects: this.#effects, ports, cluster: this.cluster });
    this.#builds = new BuildQueue({ builds: ports.builds, store: this.store, effects: this.#effects, clock, log });
    this.#shared = {
      clock,
      random,
      log,
      env,
      ports,
      effects: this.#effects,
      cluster: this.cluster,
      health: this.#health,
      isRouted: (id) => this.publisher.isRouted(id),
    };
    this.#loop = new ControlLoop({ clock, log, periodMs: env.loopPeriodMs, pass: () => this.#pass() });
  }

  /** Passes so far. */
  get passes(): number {
    return this.#loop.passes;
  }

  reconcilers(): IterableIterator<DeploymentReconciler> {
    return this.#reconcilers.values();
  }

  reconciler(app: string, deployment: string): DeploymentReconciler | undefined {
    return this.#reconcilers.get(deploymentKey(app, deployment));
  }

  /** Reads what the last controller knew and begins to follow the cluster. Rejects when the checkpoint cannot be read. */
  async start(): Promise<void> {
    const { ports, clock, log } = this.#deps;
    await this.store.load();
    const { snapshot } = await ports.gcs.getRouting({}, { timeoutMs: controllerLimits.callTimeoutMs });
    const watch = watchCluster({
      gcs: ports.gcs,
      clock,
      log,
      signal: this.#end.signal,
      onBegin: () => this.#onWatchBegin(),
      onNode: (node) => {
        if (this.cluster.observe(node, clock.nowMs())) this.#touchAll();
      },
      onActor: (actor) => this.#onActor(actor),
      onSynced: (inventory) => {
        this.#onSynced(inventory);
        if (this.#isRecovered) return;
        this.#isRecovered = true;
        this.publisher.begin(snapshot);
        log.info({ apps: this.store.state.apps.size, routing: snapshot?.version ?? 0 }, "the controller has recovered");
        this.#recovered.resolve();
        this.#loop.start();
      },
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

  /** Ends this controller and leaves everything as it is. */
  close(): void {
    this.#end.abort();
    this.#loop.stop();
  }

  #pass(): number | null {
    const { clock } = this.#deps;
    this.#followState();
    const healthAtMs = this.#health.run();
    for (let key = this.#wakeTimes.take(clock.nowMs()); key !== undefined; key = this.#wakeTimes.take(clock.nowMs())) {
      this.#dirty.add(key);
    }
    const turned = [...this.#dirty];
    this.#dirty.clear();
    const wakes = new Map<string, number>();
    for (const key of turned) this.#turn(key, wakes);
    if (turned.length > 0 || this.#nodesChanged) this.#followProxyNodes();
    const storeAtMs = this.store.run();
    const routingAtMs = this.publisher.run();
    for (const key of turned) this.#apply(key, wakes);
    const proxiesAtMs = this.proxies.run();
    const buildsAtMs = this.#builds.run();
    this.onPass?.();
    if (this.#dirty.size > 0) this.#loop.wake();
    const times = [healthAtMs, this.#wakeTimes.nextMs(), storeAtMs, routingAtMs, proxiesAtMs, buildsAtMs];
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  /** Finds the deployments whose target changed since the last pass. */
  #followState(): void {
    const { state } = this.store;
    const before = this.#seenState;
    if (state === before) return;
    this.#seenState = state;
    this.publisher.setContent(routingContent(state, this.#deps.env));
    const capacityChanged = before?.targetCapacityPercent !== state.targetCapacityPercent;
    for (const app of state.apps.values()) {
      const appBefore = before?.apps.get(app.name);
      if (app.deleting && app.deployments.size === 0) this.store.patch((now) => dropIfEmpty(now, app.name));
      if (app === appBefore && !capacityChanged) continue;
      for (const deployment of app.deployments.values()) {
        const changed = appBefore?.deployments.get(deployment.name) !== deployment || capacityChanged;
        if (changed || appBefore?.routePrefix !== app.routePrefix)
          this.#touch(deploymentKey(app.name, deployment.name));
      }
    }
    if (before?.instance !== state.instance) this.#nodesChanged = true;
  }

  #turn(key: string, wakes: Map<string, number>): void {
    const [appName = "", name = ""] = key.split("#");
    const { state } = this.store;
    const app = state.apps.get(appName);
    const target = findDeployment(state, appName, name);
    const reconciler = this.#reconcilers.get(key) ?? (target === undefined ? undefined : this.#add(appName, name));
    if (reconciler === undefined) return;
    if (app === undefined || target === undefined || (target.deleting && reconciler.replicas.size === 0)) {
      this.#turnUnwanted(key, reconciler);
      return;
    }
    const wanted = wantedReplicas(state, target, effectiveRevision(target).resolved.num_replicas);
    const wakeAtMs = reconciler.reconcile({ target, wanted, routePrefix: app.routePrefix ?? "" });
    if (wakeAtMs !== null && Number.isFinite(wakeAtMs)) wakes.set(key, wakeAtMs);
    const routing = reconciler.routing();
    if (routing !== undefined) this.publisher.setDeployment(routing);
  }

  #turnUnwanted(key: string, reconciler: DeploymentReconciler): void {
    reconciler.abandon();
    this.publisher.removeDeployment(reconciler.app, reconciler.name);
    if (reconciler.replicas.size > 0) return;
    this.#reconcilers.delete(key);
    this.#wakeTimes.delete(key);
    this.store.patch((state) => {
      const target = findDeployment(state, reconciler.app, reconciler.name);
      const next = target?.deleting === true ? withoutDeployment(state, reconciler.app, reconciler.name) : state;
      return dropIfEmpty(next, reconciler.app);
    });
  }

  #apply(key: string, wakes: Map<string, number>): void {
    const applyAtMs = this.#reconcilers.get(key)?.apply() ?? null;
    const decideAtMs = wakes.get(key) ?? null;
    const times = [applyAtMs, decideAtMs].filter((time) => time !== null);
    if (times.length > 0) this.#wakeTimes.set(key, Math.min(...times));
    else this.#wakeTimes.delete(key);
  }

  #followProxyNodes(): void {
    this.#nodesChanged = false;
    const { instance } = this.store.state;
    const nodes = new Set<NodeId>();
    if (instance !== null && this.#drainProxies) {
      const holding = new Set<NodeId>();
      for (const reconciler of this.#reconcilers.values()) {
        for (const replica of reconciler.replicas.all()) {
          const nodeId = replica.record?.nodeId ?? null;
          if (nodeId !== null && replica.phase !== "STOPPING") holding.add(nodeId);
        }
      }
      for (const nodeId of proxyNodes(instance.proxyLocation, this.cluster.alive(), holding)) nodes.add(nodeId);
    }
    this.proxies.want(nodes, instance?.http ?? {}, this.#drainProxies);
  }

  #onActor(actor: ActorRecord): void {
    const { name } = actor.spec;
    const replica = parseReplicaName(name);
    if (replica === undefined) {
      const pinned = actor.spec.placement.nodeId;
      if (pinned === undefined || name !== proxyName(pinned)) return;
      this.proxies.observe(actor, pinned);
      this.#nodesChanged = true;
      this.#loop.wake();
      return;
    }
    const key = deploymentKey(replica.app, replica.deployment);
    const reconciler = this.#reconcilers.get(key);
    if (reconciler?.observe(actor) === true) {
      this.#touch(key);
      return;
    }
    if (actor.state !== "DEAD") this.#adopt(actor, replica.app, replica.deployment);
  }

  /** A replica that this controller did not start: an earlier one did. */
  #adopt(actor: ActorRecord, app: string, deployment: string): void {
    const args = replicaArgsSchema.safeParse(actor.spec.entry.args);
    const version = args.success ? args.data.version : "";
    const target = findDeployment(this.store.state, app, deployment);
    const key = deploymentKey(app, deployment);
    const reconciler = this.#reconcilers.get(key) ?? this.#add(app, deployment);
    reconciler.adopt(actor, version, settingsAreKnown(target, version) ? (target?.target.settings ?? "") : "");
    this.#deps.log.info({ replica: actor.spec.name, state: actor.state }, "a replica was adopted");
    this.#touch(key);
  }

  #add(app: string, name: string): DeploymentReconciler {
    const key = deploymentKey(app, name);
    const reconciler = new DeploymentReconciler(app, name, this.#shared, this.#sink(app, name, key));
    this.#reconcilers.set(key, reconciler);
    return reconciler;
  }

  #sink(app: string, name: string, key: string): ReconcilerSink {
    const patch = (change: (deployment: DeploymentTarget) => DeploymentTarget): void =>
      this.store.patch((state) => withDeployment(state, app, name, change));
    const status = (event: DeploymentStatusEvent, message: string): void =>
      patch((now) => {
        const next = nextDeploymentStatus(now.status, event, message);
        return next === now.status ? now : { ...now, status: next };
      });
    return {
      onTouched: () => this.#touch(key),
      onStatus: status,
      onMessage: (message) => patch((now) => ({ ...now, status: { ...now.status, message } })),
      onGaveUp: (message) => {
        this.#deps.log.warn({ app, deployment: name, message }, "a deployment gave up its new version");
        patch((now) => ({
          ...now,
          failure: message,
          status: nextDeploymentStatus(now.status, "STARTUP_FAILED", message),
        }));
      },
      onComplete: () =>
        patch((now) => {
          const next = nextDeploymentStatus(now.status, "HEALTHY", scalingNote(now.target.resolved));
          return next === now.status && now.stable === now.target ? now : { ...now, status: next, stable: now.target };
        }),
    };
  }

  #onUnhealthy(id: string, reason: string): void {
    const replica = parseReplicaName(id);
    if (replica === undefined) return;
    const key = deploymentKey(replica.app, replica.deployment);
    this.#reconcilers.get(key)?.onUnhealthy(id, reason);
    this.#touch(key);
  }

  #onWatchBegin(): void {
    this.#knownBefore = new Map();
    for (const reconciler of this.#reconcilers.values()) {
      for (const replica of reconciler.replicas.all()) {
        if (replica.record !== null) this.#knownBefore.set(replica.record.spec.name, replica.record);
      }
    }
    for (const proxy of this.proxies.all()) {
      if (proxy.record !== null) this.#knownBefore.set(proxy.record.spec.name, proxy.record);
    }
  }

  #onSynced(inventory: ClusterInventory): void {
    this.cluster.retain(inventory.nodes, this.#deps.clock.nowMs());
    for (const [name, record] of this.#knownBefore) {
      if (inventory.actors.has(record.actorId)) continue;
      const replica = parseReplicaName(name);
      if (replica === undefined) this.proxies.onLost(name);
      else this.reconciler(replica.app, replica.deployment)?.onLost(name);
    }
    this.#knownBefore.clear();
    this.#touchAll();
  }

  #touch(key: string): void {
    this.#dirty.add(key);
    this.#loop.wake();
  }

  #touchAll(): void {
    for (const key of this.#reconcilers.keys()) this.#dirty.add(key);
    this.#nodesChanged = true;
    this.#loop.wake();
  }

  #touchStopping(): void {
    for (const [key, reconciler] of this.#reconcilers) {
      if (reconciler.replicas.anyStopping()) this.#dirty.add(key);
    }
    this.#loop.wake();
  }
}

/**
 * Whether a live replica's settings follow from the target state: true once the target has run in full,
 * for then all of its replicas had them.
 */
const settingsAreKnown = (target: DeploymentTarget | undefined, version: string): boolean =>
  target !== undefined &&
  target.target.version === version &&
  target.stable?.version === version &&
  target.stable.settings === target.target.settings;

const dropIfEmpty = (state: TargetState, name: string): TargetState => {
  const app: AppTarget | undefined = state.apps.get(name);
  return app?.deleting === true && app.deployments.size === 0 ? withoutApp(state, name) : state;
};
