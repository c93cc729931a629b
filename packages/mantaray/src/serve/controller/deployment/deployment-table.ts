import type { ActorRecord } from "../../../protocol/actor.ts";
import { replicaArgsSchema } from "../../../protocol/replica.ts";
import { deploymentKey } from "../../../protocol/routing.ts";
import { DueHeap } from "../loop/due-heap.ts";
import type { RoutingPublisher } from "../routing/routing-publisher.ts";
import { isUnexplained } from "../state/custody.ts";
import { wantedReplicas } from "../state/scale-deployment.ts";
import {
  type DeploymentTarget,
  dropIfEmpty,
  effectiveRevision,
  findDeployment,
  withoutDeployment,
} from "../state/target-state.ts";
import type { TargetStore } from "../state/target-store.ts";
import { DeploymentReconciler } from "./deployment-reconciler.ts";
import type { ReconcilerShared } from "./reconciler-shared.ts";
import { parseReplicaName } from "./replica-name.ts";
import { targetSink } from "./target-sink.ts";

/** What the table is made of. */
export interface DeploymentTableDeps {
  readonly shared: ReconcilerShared;
  readonly store: TargetStore;
  readonly publisher: RoutingPublisher;
  readonly wake: () => void;
  /** Replicas of an application live, and nobody here knows why. */
  readonly onUnexplained: (app: string) => void;
}

/** One reconciler a deployment, those among them that want a turn, and when the others do. */
export class DeploymentTable {
  readonly #deps: DeploymentTableDeps;
  readonly #reconcilers = new Map<string, DeploymentReconciler>();
  readonly #dirty = new Set<string>();
  readonly #wakeTimes = new DueHeap<string>();
  /** Of the turn under way: when each decision wants the next. */
  readonly #turned = new Map<string, number | null>();

  constructor(deps: DeploymentTableDeps) {
    this.#deps = deps;
  }

  all(): IterableIterator<DeploymentReconciler> {
    return this.#reconcilers.values();
  }

  get(app: string, deployment: string): DeploymentReconciler | undefined {
    return this.#reconcilers.get(deploymentKey(app, deployment));
  }

  /** Some want a turn now. */
  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** When the next wants a turn though nothing happens; null: none. */
  nextMs(): number | null {
    return this.#wakeTimes.nextMs();
  }

  touch(key: string): void {
    this.#dirty.add(key);
    this.#deps.wake();
  }

  touchAll(): void {
    for (const key of this.#reconcilers.keys()) this.#dirty.add(key);
    this.#deps.wake();
  }

  /** A snapshot was taken: what waited to stop may go on. */
  touchStopping(): void {
    for (const [key, reconciler] of this.#reconcilers) {
      if (reconciler.replicas.anyStopping()) this.#dirty.add(key);
    }
    this.#deps.wake();
  }

  /** First half of a pass: decides for all that want it. True when there was any. */
  turn(): boolean {
    const nowMs = this.#deps.shared.clock.nowMs();
    for (let key = this.#wakeTimes.take(nowMs); key !== undefined; key = this.#wakeTimes.take(nowMs)) {
      this.#dirty.add(key);
    }
    const keys = [...this.#dirty];
    this.#dirty.clear();
    this.#turned.clear();
    for (const key of keys) this.#turned.set(key, this.#turn(key));
    return keys.length > 0;
  }

  /** Second half, after the new snapshot is on its way: starts the calls. */
  apply(): void {
    for (const [key, decideAtMs] of this.#turned) {
      const applyAtMs = this.#reconcilers.get(key)?.apply() ?? null;
      const times = [applyAtMs, decideAtMs].filter((time) => time !== null);
      if (times.length > 0) this.#wakeTimes.set(key, Math.min(...times));
      else this.#wakeTimes.delete(key);
    }
    this.#turned.clear();
  }

  /** What the control store says of a replica's actor, adopted where it was not known. */
  observe(actor: ActorRecord): void {
    const replica = parseReplicaName(actor.spec.name);
    if (replica === undefined) return;
    const key = deploymentKey(replica.app, replica.deployment);
    if (this.#reconcilers.get(key)?.observe(actor) === true) this.touch(key);
    else if (actor.state !== "DEAD") this.#adopt(actor, replica.app, replica.deployment);
  }

  onUnhealthy(id: string, reason: string): void {
    const replica = parseReplicaName(id);
    if (replica === undefined) return;
    const key = deploymentKey(replica.app, replica.deployment);
    this.#reconcilers.get(key)?.onUnhealthy(id, reason);
    this.touch(key);
  }

  onHealthy(id: string, ongoing: number): void {
    const replica = parseReplicaName(id);
    if (replica === undefined) return;
    this.get(replica.app, replica.deployment)?.replicas.onHealthy(id, ongoing);
  }

  /** The control store does not know the actor of this replica any more. */
  onLost(id: string): void {
    const replica = parseReplicaName(id);
    if (replica === undefined) return;
    this.get(replica.app, replica.deployment)?.onLost(id);
    this.touch(deploymentKey(replica.app, replica.deployment));
  }

  #turn(key: string): number | null {
    const { store, publisher } = this.#deps;
    const [appName = "", name = ""] = key.split("#");
    const { state } = store;
    const app = state.apps.get(appName);
    const target = findDeployment(state, appName, name);
    const reconciler = this.#reconcilers.get(key) ?? (target === undefined ? undefined : this.#add(appName, name));
    if (reconciler === undefined) return null;
    if (target === undefined && reconciler.replicas.size > 0 && isUnexplained(state, appName)) {
      const kept = state.custody?.apps.get(appName);
      if (kept === undefined) this.#deps.onUnexplained(appName);
      reconciler.keep();
      const terms = kept?.deployments.get(name);
      if (terms !== undefined) publisher.setDeployment({ ...terms, replicas: reconciler.routed() });
      return null;
    }
    if (app === undefined || target === undefined || (target.deleting && reconciler.replicas.size === 0)) {
      this.#turnUnwanted(key, reconciler);
      return null;
    }
    const wanted = wantedReplicas(state, target, effectiveRevision(target).resolved.num_replicas);
    const wakeAtMs = reconciler.reconcile({ target, wanted, routePrefix: app.routePrefix ?? "" });
    const routing = reconciler.routing();
    if (routing !== undefined) publisher.setDeployment(routing);
    return wakeAtMs !== null && Number.isFinite(wakeAtMs) ? wakeAtMs : null;
  }

  #turnUnwanted(key: string, reconciler: DeploymentReconciler): void {
    const { store, publisher } = this.#deps;
    reconciler.abandon();
    publisher.removeDeployment(reconciler.app, reconciler.name);
    if (reconciler.replicas.size > 0) return;
    this.#reconcilers.delete(key);
    this.#wakeTimes.delete(key);
    store.patch((state) => {
      const target = findDeployment(state, reconciler.app, reconciler.name);
      const next = target?.deleting === true ? withoutDeployment(state, reconciler.app, reconciler.name) : state;
      return dropIfEmpty(next, reconciler.app);
    });
  }

  /** A replica that this controller did not start: an earlier one did. */
  #adopt(actor: ActorRecord, app: string, deployment: string): void {
    const { store, shared } = this.#deps;
    const args = replicaArgsSchema.safeParse(actor.spec.entry.args);
    const version = args.success ? args.data.version : "";
    const target = findDeployment(store.state, app, deployment);
    const reconciler = this.get(app, deployment) ?? this.#add(app, deployment);
    // One that its node has restarted runs with what it was made with, whatever it was changed to since.
    const known = actor.restarts === 0 && settingsAreKnown(target, version);
    reconciler.adopt(actor, version, known ? (target?.target.settings ?? "") : "");
    shared.log.info({ replica: actor.spec.name, state: actor.state }, "a replica was adopted");
    this.touch(deploymentKey(app, deployment));
  }

  #add(app: string, deployment: string): DeploymentReconciler {
    const { shared, store } = this.#deps;
    const key = deploymentKey(app, deployment);
    const sink = targetSink({ store, log: shared.log, app, deployment, onTouched: () => this.touch(key) });
    const reconciler = new DeploymentReconciler(app, deployment, shared, sink);
    this.#reconcilers.set(key, reconciler);
    return reconciler;
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
