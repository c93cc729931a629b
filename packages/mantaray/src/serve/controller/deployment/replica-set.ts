import type { Clock } from "../../../base/clock.ts";
import type { NodeId } from "../../../base/ids.ts";
import type { ActorRecord } from "../../../protocol/actor.ts";
import type { Revision } from "../state/target-state.ts";
import type { Replica } from "./replica.ts";

/** What the set tells its owner. */
export interface ReplicaSetDeps {
  readonly clock: Clock;
  readonly deadMax: number;
  readonly onRunning: (replica: Replica) => void;
  /** Its process ended and its node starts, or has started, another one under the same name. */
  readonly onRestarted: (replica: Replica) => void;
  /** A replica got a node. */
  readonly onPlaced: (replica: Replica) => void;
  readonly onStartFailed: (replica: Replica, message: string) => void;
  /** One that ran has died unasked. `counts`: it may have been its own fault. */
  readonly onDied: (replica: Replica, message: string, counts: boolean) => void;
  readonly onGone: (replica: Replica) => void;
}

/** The replicas of one deployment, brought up to date by what the control store says of their actors. */
export class ReplicaSet {
  readonly #deps: ReplicaSetDeps;
  readonly #replicas = new Map<string, Replica>();
  /** The newest first. */
  readonly #dead: Replica[] = [];

  constructor(deps: ReplicaSetDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#replicas.size;
  }

  get dead(): readonly Replica[] {
    return this.#dead;
  }

  all(): Replica[] {
    return [...this.#replicas.values()];
  }

  anyStopping(): boolean {
    for (const replica of this.#replicas.values()) if (replica.phase === "STOPPING") return true;
    return false;
  }

  get(id: string): Replica | undefined {
    return this.#replicas.get(id);
  }

  add(start: { readonly id: string; readonly revision: Revision; readonly movesTo: NodeId | null }): void {
    const { id, revision, movesTo } = start;
    this.#replicas.set(id, {
      ...this.#blank(id, revision.version, revision.settings),
      revision,
      movesTo,
      userConfig: { value: revision.resolved.user_config },
    });
  }

  /** Takes over a live actor of an earlier controller. */
  adopt(record: ActorRecord, version: string, settings: string): void {
    const id = record.spec.name;
    if (this.#replicas.has(id)) return;
    const replica: Replica = {
      ...this.#blank(id, version, settings),
      createdWallMs: record.startMs,
      // Only one that moves is pinned to a node.
      movesTo: record.spec.placement.nodeId ?? null,
      recovering: record.state === "ALIVE" || record.state === "RESTARTING",
    };
    this.#replicas.set(id, replica);
    this.observe(record);
    if (record.stopRequested === undefined) return;
    replica.phase = "STOPPING";
    replica.stop = { force: false, reason: record.stopRequested.reason };
    this.#deps.onGone(replica);
  }

  /**
   * Undefined: not one of this set. Otherwise whether the replica's phase or place changed. Older news of
   * the same actor is passed over: an answer to a call may come after the event that followed it.
   */
  observe(record: ActorRecord): boolean | undefined {
    const replica = this.#replicas.get(record.spec.name);
    if (replica === undefined) return undefined;
    const known = replica.record;
    if (known !== null && (known.actorId !== record.actorId || isOlder(record, known))) return false;
    replica.record = record;
    replica.uncertain = false;
    if (record.state === "DEAD") {
      this.#onDead(replica, record);
      return true;
    }
    const placed = record.nodeId !== null && (known === null || known.nodeId === null);
    const blocked = record.nodeId === null && record.pendingReason !== "";
    replica.blockedSinceMs = blocked ? (replica.blockedSinceMs ?? this.#deps.clock.nowMs()) : null;
    if (placed) this.#deps.onPlaced(replica);
    const restarted = known !== null && replica.phase === "RUNNING" && isOtherProcess(record, known);
    if (restarted) this.#onRestarted(replica);
    if (record.state === "ALIVE" && replica.phase === "STARTING" && record.addresses !== null) {
      replica.phase = "RUNNING";
      replica.runningSinceMs = this.#deps.clock.nowMs();
      this.#deps.onRunning(replica);
      return true;
    }
    return placed || restarted || known === null;
  }

  /** A health check has passed. */
  onHealthy(id: string, ongoing: number): void {
    const replica = this.#replicas.get(id);
    if (replica === undefined) return;
    replica.recovering = false;
    replica.ongoing = ongoing;
  }

  /** The control store knows nothing of its actor any more. */
  lose(id: string): void {
    const replica = this.#replicas.get(id);
    if (replica === undefined) return;
    const phase = replica.phase;
    this.drop(replica);
    if (phase === "RUNNING") this.#deps.onDied(replica, "the control store does not know it any more", false);
  }

  /** Drops a replica that never became an actor, or of which nothing is left. */
  drop(replica: Replica): void {
    if (!this.#replicas.delete(replica.id)) return;
    this.#deps.onGone(replica);
    if (replica.record === null || this.#deps.deadMax === 0) return;
    this.#dead.unshift(replica);
    this.#dead.length = Math.min(this.#dead.length, this.#deps.deadMax);
  }

  /** Whoever owns the process repaired it while nobody else could: it is the same replica, and is believed. */
  #onRestarted(replica: Replica): void {
    replica.phase = "STARTING";
    replica.recovering = true;
    replica.reconfiguring = false;
    replica.ongoing = 0;
    // It started with what it was made with, not with what it was changed to.
    replica.settings = "";
    replica.userConfig = null;
    this.#deps.onGone(replica);
    this.#deps.onRestarted(replica);
  }

  #onDead(replica: Replica, record: ActorRecord): void {
    const phase = replica.phase;
    const cause = record.deathCause;
    const message = cause?.message ?? "no cause was recorded";
    this.drop(replica);
    if (phase === "STOPPING") return;
    // What somebody else did to it is not its fault: a lost node, a kill.
    const killed = cause?.kind === "NODE_DIED" || cause?.kind === "KILLED" || cause?.signal === "SIGKILL";
    if (phase === "RUNNING" || replica.runningSinceMs !== null) this.#deps.onDied(replica, message, !killed);
    else if (!killed || cause.kind === "CREATION_FAILED") this.#deps.onStartFailed(replica, message);
  }

  #blank(id: string, version: string, settings: string): Replica {
    return {
      id,
      version,
      revision: null,
      settings,
      phase: "STARTING",
      record: null,
      createdWallMs: this.#deps.clock.wallMs(),
      runningSinceMs: null,
      reconfiguring: false,
      recovering: false,
      ongoing: 0,
      blockedSinceMs: null,
      movesTo: null,
      stop: null,
      userConfig: null,
      busy: false,
      uncertain: false,
      removalAsked: false,
      retryAtMs: 0,
      failedCalls: 0,
    };
  }
}

const ranks = { DEPENDENCIES_UNREADY: 0, PENDING_CREATION: 0, RESTARTING: 0, ALIVE: 1, DEAD: 2 } as const;

const isOlder = (record: ActorRecord, known: ActorRecord): boolean =>
  record.restarts === known.restarts
    ? ranks[record.state] < ranks[known.state]
    : record.restarts < known.restarts && record.state !== "DEAD";

/** Not only by the count: what a node restarted before it was asked may be reported without one. */
const isOtherProcess = (record: ActorRecord, known: ActorRecord): boolean =>
  record.restarts > known.restarts || (record.workerId !== null && record.workerId !== known.workerId);
