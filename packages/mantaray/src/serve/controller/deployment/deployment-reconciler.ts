import type { ActorRecord } from "../../../protocol/actor.ts";
import { type RoutingDeployment, type RoutingReplica } from "../../../protocol/routing.ts";
import { controllerLimits } from "../limits.ts";
import { type DeploymentTarget, effectiveRevision, hasGivenUp, type Revision } from "../state/target-state.ts";
import { callerRules } from "./caller-rules.ts";
import { decideDeployment } from "./decide.ts";
import type { DeploymentPlan, DeploymentView, ReplicaView, StopAction } from "./plan.ts";
import type { ReconcilerShared, ReconcilerSink } from "./reconciler-shared.ts";
import type { Replica } from "./replica.ts";
import { ReplicaActions } from "./replica-actions.ts";
import { newReplicaName } from "./replica-name.ts";
import { ReplicaSet } from "./replica-set.ts";
import { requiredResources } from "./replica-spec.ts";
import { StartFailures } from "./start-failures.ts";

/** What a pass of one deployment is about. */
export interface ReconcileInput {
  readonly target: DeploymentTarget;
  readonly wanted: number;
  readonly routePrefix: string;
}

/**
 * One deployment: keeps its replicas, takes in what happens to them, decides and starts what is to be
 * done. Owns every `Replica` of the deployment.
 */
export class DeploymentReconciler {
  readonly app: string;
  readonly name: string;
  readonly #shared: ReconcilerShared;
  readonly #sink: ReconcilerSink;
  readonly #replicas: ReplicaSet;
  readonly #actions: ReplicaActions;
  #input: ReconcileInput | undefined;
  #failures: StartFailures;
  #failuresOf = "";
  #lastChangeMs: number;
  #makingRoom = { tried: false, helped: false };
  #movesRefusedAtEpoch = -1;

  constructor(app: string, name: string, shared: ReconcilerShared, sink: ReconcilerSink) {
    this.app = app;
    this.name = name;
    this.#shared = shared;
    this.#sink = sink;
    this.#failures = this.#newFailures();
    this.#lastChangeMs = shared.clock.nowMs();
    this.#replicas = new ReplicaSet({
      clock: shared.clock,
      deadMax: shared.env.deadReplicasMax,
      onRunning: (replica) => this.#onRunning(replica),
      onRestarted: (replica) => this.#onRestarted(replica),
      onPlaced: () => {
        this.#makingRoom.helped = true;
      },
      onStartFailed: (replica, message) => this.#onStartFailed(replica, message),
      onDied: (replica, message, counts) => this.#onDied(replica, message, counts),
      onGone: (replica) => shared.health.untrack(replica.id),
    });
    this.#actions = new ReplicaActions({
      shared,
      app,
      deployment: name,
      replicas: this.#replicas,
      onTouched: () => sink.onTouched(),
      onReconfigureFailed: (replica, message) => this.#onReconfigureFailed(replica, message),
    });
  }

  get replicas(): ReplicaSet {
    return this.#replicas;
  }

  /** Takes over a replica that an earlier controller made. */
  adopt(record: ActorRecord, version: string, settings: string): void {
    this.#replicas.adopt(record, version, settings);
    this.#lastChangeMs = this.#shared.clock.nowMs();
  }

  /** What the control store says of one of its actors. False: it is none of ours. */
  observe(record: ActorRecord): boolean {
    const changed = this.#replicas.observe(record);
    if (changed === undefined) return false;
    if (changed) this.#lastChangeMs = this.#shared.clock.nowMs();
    return true;
  }

  /** Three strikes: out of routing, stopped with grace, and replaced. */
  onUnhealthy(id: string, reason: string): void {
    const replica = this.#replicas.get(id);
    if (replica === undefined || replica.phase !== "RUNNING") return;
    const force = this.#shared.env.forceStopUnhealthy;
    this.#stop({ id, force, reason: `its health checks fail: ${reason}` });
    if (this.#isTarget(replica))
      this.#sink.onStatus("HEALTH_CHECK_FAILED", cut(`A replica's health check failed: ${reason}`));
  }

  /** One turn. Returns when the next is wanted at the latest. */
  reconcile(input: ReconcileInput): number | null {
    this.#input = input;
    const revision = effectiveRevision(input.target);
    this.#followRevision(input.target, revision);
    const plan = decideDeployment(this.#view(input, revision));
    this.#carryOut(plan, revision);
    if (plan.healthy && !input.target.deleting && input.target.failure === null) {
      this.#failures.onHealthy();
      this.#sink.onComplete();
    }
    return plan.wakeAtMs;
  }

  /** Nobody says what shall be of it: everything stays as it is. */
  keep(): void {
    this.#input = undefined;
  }

  /** Nobody wants the deployment any more: everything of it goes. */
  abandon(): void {
    this.#input = undefined;
    for (const { id, phase } of this.#replicas.all()) {
      this.#stop({ id, force: phase === "STARTING", reason: "its deployment is gone" });
    }
  }

  /** Starts the calls that replicas wait for. Runs after the snapshot without the stopping ones is on its way. */
  apply(): number | null {
    const revision = this.#input === undefined ? null : effectiveRevision(this.#input.target);
    let wakeAtMs: number | null = null;
    for (const replica of this.#replicas.all()) {
      const againMs = this.#actions.advance(replica, revision, this.#input?.routePrefix ?? "");
      if (againMs !== null) wakeAtMs = Math.min(wakeAtMs ?? againMs, againMs);
    }
    return wakeAtMs;
  }

  /** The control store has forgotten an actor that it knew: it is gone without a word. */
  onLost(id: string): void {
    this.#replicas.lose(id);
    this.#lastChangeMs = this.#shared.clock.nowMs();
  }

  /** How callers reach this deployment; undefined before its first turn. */
  routing(): RoutingDeployment | undefined {
    if (this.#input === undefined) return undefined;
    const { target } = this.#input;
    const { resolved } = effectiveRevision(target);
    const replicas = this.routed();
    return {
      app: this.app,
      deployment: this.name,
      available: !hasGivenUp(target) || replicas.length > 0,
      maxOngoingRequests: resolved.max_ongoing_requests,
      maxQueuedRequests: resolved.max_queued_requests,
      retryNonIdempotent: resolved.retry_non_idempotent,
      ...callerRules(resolved),
      replicas,
    };
  }

  /** The replicas that callers may choose. */
  routed(): RoutingReplica[] {
    const replicas = this.#replicas.all().flatMap((replica) => routingReplica(replica) ?? []);
    return replicas.toSorted((left, right) => (left.replicaId < right.replicaId ? -1 : 1));
  }

  #followRevision(target: DeploymentTarget, revision: Revision): void {
    const key = `${revision.version}${target.failure === null ? "" : "!"}`;
    if (key !== this.#failuresOf) {
      this.#failuresOf = key;
      this.#failures = this.#newFailures();
      this.#makingRoom = { tried: false, helped: false };
      const ran = (replica: Replica): boolean => replica.version === revision.version && replica.phase === "RUNNING";
      if (target.stable?.version === revision.version || this.#replicas.all().some(ran)) this.#failures.onStarted();
    }
    const { health_check_period_s: periodS, health_check_timeout_s: timeoutS } = revision.resolved;
    for (const replica of this.#replicas.all()) {
      if (replica.phase === "RUNNING" && replica.record !== null) {
        const times = { periodMs: periodS * 1_000, timeoutMs: timeoutS * 1_000 };
        const { record: actor, recovering } = replica;
        this.#shared.health.track(replica.id, { actor, recovering, ...times });
      }
    }
  }

  #view(input: ReconcileInput, revision: Revision): DeploymentView {
    const { clock, cluster } = this.#shared;
    const resolved = revision.resolved;
    const mayMove = input.target.failure === null && this.#movesRefusedAtEpoch !== cluster.epoch;
    const replicas = this.#replicas.all();
    const still = replicas.every((replica) => replica.phase === "RUNNING" && !replica.reconfiguring);
    return {
      nowMs: clock.nowMs(),
      wanted: input.wanted,
      version: revision.version,
      settings: revision.settings,
      surgeShare: resolved.rolling_update_percentage,
      replicasPerNodeMax: resolved.max_replicas_per_node,
      replicas: replicas.map(viewOf),
      nodes: cluster.views(requiredResources(resolved), resolved.graceful_shutdown_timeout_s * 1_000),
      startAllowedAtMs: hasGivenUp(input.target) ? Number.POSITIVE_INFINITY : this.#failures.startAllowedAtMs,
      makingRoomFailed: this.#makingRoom.tried && !this.#makingRoom.helped,
      quietSinceMs: mayMove && still ? Math.max(this.#lastChangeMs, cluster.lastChangeMs) : null,
    };
  }

  #carryOut(plan: DeploymentPlan, revision: Revision): void {
    const { clock, random, cluster } = this.#shared;
    if (plan.starts.length + plan.stops.length > 0) this.#lastChangeMs = clock.nowMs();
    if (plan.makesRoom) this.#makingRoom = { tried: true, helped: false };
    for (const { movesTo } of plan.starts) {
      const id = newReplicaName(this.app, this.name, random);
      this.#replicas.add({ id, revision, movesTo });
    }
    for (const stop of plan.stops) {
      const replica = this.#replicas.get(stop.id);
      if (replica?.movesTo != null && replica.phase === "STARTING") this.#movesRefusedAtEpoch = cluster.epoch;
      this.#stop(stop);
    }
    if (plan.undercuts) {
      const message = "A node drains, its time is up, and no other node has room for its replicas.";
      this.#sink.onStatus("HEALTH_CHECK_FAILED", message);
    }
    for (const id of plan.reconfigures) {
      const replica = this.#replicas.get(id);
      if (replica !== undefined) this.#actions.reconfigure(replica, revision);
    }
  }

  #stop(stop: StopAction): void {
    const replica = this.#replicas.get(stop.id);
    if (replica === undefined || replica.phase === "STOPPING") return;
    this.#shared.log.info({ replica: replica.id, reason: stop.reason }, "a replica stops");
    replica.phase = "STOPPING";
    replica.stop = { force: stop.force, reason: stop.reason };
    replica.retryAtMs = 0;
    this.#shared.health.untrack(replica.id);
    this.#lastChangeMs = this.#shared.clock.nowMs();
  }

  #isTarget(replica: Replica): boolean {
    const target = this.#input?.target;
    return target !== undefined && target.failure === null && replica.version === target.target.version;
  }

  #onRunning(replica: Replica): void {
    if (replica.version === (this.#input === undefined ? "" : effectiveRevision(this.#input.target).version)) {
      this.#failures.onStarted();
    }
    this.#shared.log.info({ replica: replica.id, node: replica.record?.nodeId }, "a replica runs");
  }

  #onRestarted(replica: Replica): void {
    const { restarts, nodeId, deathCause } = replica.record ?? {};
    this.#shared.log.info(
      { replica: replica.id, restarts, nodeId, cause: deathCause },
      "a replica was restarted in place",
    );
    if (replica.record?.state === "ALIVE" || !this.#isTarget(replica)) return;
    this.#sink.onStatus("HEALTH_CHECK_FAILED", "A replica died and is restarted in place by its node.");
  }

  #onStartFailed(replica: Replica, message: string): void {
    const input = this.#input;
    if (input === undefined) return;
    const revision = effectiveRevision(input.target);
    // One of a revision that nobody wants any more says nothing about the wanted one.
    if (replica.version !== revision.version) return;
    const retriesMax = revision.resolved.max_constructor_retry_count;
    const outcome = this.#failures.onStartFailed(this.#shared.clock.nowMs(), input.wanted, retriesMax, cut(message));
    if (input.target.failure !== null) return;
    if (!outcome.gaveUp) {
      this.#sink.onMessage(outcome.message);
      return;
    }
    const back = input.target.stable === null ? "" : "\nThe version deployed before keeps serving.";
    this.#sink.onGaveUp(`${outcome.message}${back}`);
  }

  #onDied(replica: Replica, message: string, counts: boolean): void {
    const livedMs = this.#shared.clock.nowMs() - (replica.runningSinceMs ?? 0);
    if (counts && this.#isTarget(replica)) this.#failures.onDeath(this.#shared.clock.nowMs(), livedMs);
    if (this.#isTarget(replica)) this.#sink.onStatus("HEALTH_CHECK_FAILED", cut(`A replica died: ${message}`));
  }

  #onReconfigureFailed(replica: Replica, message: string): void {
    const input = this.#input;
    if (input === undefined || !this.#isTarget(replica) || replica.phase !== "RUNNING") return;
    // It may be half changed: replaced by one that starts with whatever is in force then.
    this.#stop({ id: replica.id, force: false, reason: "its change of settings failed" });
    const text = cut(`The change of settings failed in a replica.\n${message}`);
    const back = input.target.stable === null ? "" : "\nThe settings deployed before stay in force.";
    this.#sink.onGaveUp(`${text}${back}`);
  }

  #newFailures(): StartFailures {
    const { random, env } = this.#shared;
    return new StartFailures({ random, retriesPerReplica: env.retriesPerReplica });
  }
}

const viewOf = (replica: Replica): ReplicaView => ({
  id: replica.id,
  version: replica.version,
  settings: replica.settings,
  phase: replica.phase,
  reconfiguring: replica.reconfiguring,
  nodeId: replica.record?.nodeId ?? null,
  ongoing: replica.ongoing,
  blockedSinceMs: replica.blockedSinceMs,
  movesTo: replica.movesTo,
});

const routingReplica = (replica: Replica): RoutingReplica | undefined => {
  const { record } = replica;
  if (replica.phase !== "RUNNING" || record?.addresses == null || record.nodeId === null) return undefined;
  return { replicaId: replica.id, actorId: record.actorId, nodeId: record.nodeId, addresses: record.addresses };
};

const cut = (text: string): string =>
  text.length <= controllerLimits.messageCharsMax ? text : `${text.slice(0, controllerLimits.messageCharsMax)}…`;
