import type { RoutingReplica } from "../../protocol/routing.ts";
import { routingLimits } from "./limits.ts";
import { ReplicaLink, type ReplicaLinkDeps, type ReplicaLinkHost } from "./replica-link.ts";
import { SilenceHabit } from "./silence-habit.ts";

/** What a `ReplicaSet` is made with. */
export interface ReplicaSetDeps extends ReplicaLinkDeps {
  /** Our node. */
  readonly nodeId: string;
}

/** What a `ReplicaSet` tells its router. */
export interface ReplicaSetHost {
  /** A replica may have room again. */
  onRoom(): void;
  /** A replica begins to be avoided. */
  onOutlier(): void;
  /** So many are avoided that they are used all the same, or no longer so many. */
  onPanic(panic: boolean): void;
}

/** The replicas of one deployment that may get requests, each with its link. */
export class ReplicaSet implements ReplicaLinkHost {
  readonly habit = new SilenceHabit();
  #panic = false;
  readonly #deps: ReplicaSetDeps;
  readonly #host: ReplicaSetHost;
  readonly #byActor = new Map<string, ReplicaLink>();
  /**
   * Said to be dead, though the snapshot still names them. They are dialled on: without a head, a node starts its
   * replicas again in place, and nobody else could tell.
   */
  readonly #dead = new Set<string>();
  #all: readonly ReplicaLink[] = [];
  #local: readonly ReplicaLink[] = [];

  constructor(deps: ReplicaSetDeps, host: ReplicaSetHost) {
    this.#deps = deps;
    this.#host = host;
  }

  onRoom(): void {
    this.#host.onRoom();
  }

  onOutlier(): void {
    this.#host.onOutlier();
  }

  onChange(): void {
    const { avoided, left } = this.#tally();
    const panic = avoided > 0 && left < routingLimits.panicShare * (avoided + left);
    if (panic === this.#panic) return;
    this.#panic = panic;
    this.#host.onPanic(panic);
  }

  canSpare(): boolean {
    return !this.#panic && this.#tally().left > 0;
  }

  get all(): readonly ReplicaLink[] {
    return this.#all;
  }

  /** Whether there is any that nobody says is dead, or that came back. */
  get hopeful(): boolean {
    return this.#all.some(({ usable, info }) => usable || !this.#dead.has(info.actorId));
  }

  /** Those of `all` on our node. */
  get local(): readonly ReplicaLink[] {
    return this.#local;
  }

  /** What a snapshot says: new ones are dialled, those that are gone finish what they have. */
  update(infos: readonly RoutingReplica[]): void {
    const named = new Set<string>(infos.map(({ actorId }) => actorId));
    for (const actorId of this.#dead) {
      if (!named.has(actorId)) this.#dead.delete(actorId);
    }
    for (const [actorId, replica] of this.#byActor) {
      if (named.has(actorId)) continue;
      this.#byActor.delete(actorId);
      replica.leave();
    }
    for (const info of infos) this.#add(info);
    this.#index();
  }

  /** Dead this moment: their open streams end now. */
  down(actorIds: ReadonlySet<string>): void {
    for (const actorId of actorIds) {
      const replica = this.#byActor.get(actorId);
      if (replica === undefined) continue;
      this.#dead.add(actorId);
      // Its next life, if it gets one, is at the same address. Out of the arrays before its streams look for another.
      this.#byActor.set(actorId, new ReplicaLink(replica.info, replica.local, this.#deps, this, true));
      this.#index();
      replica.down();
    }
  }

  close(): void {
    for (const replica of this.#byActor.values()) replica.down();
    this.#byActor.clear();
    this.#index();
  }

  #add(info: RoutingReplica): void {
    const { actorId, addresses, nodeId } = info;
    const old = this.#byActor.get(actorId);
    if (old !== undefined) {
      const moved = old.info.addresses.tcp !== addresses.tcp || old.info.addresses.unix !== addresses.unix;
      if (!moved) return;
      this.#dead.delete(actorId);
      old.leave();
    }
    const local = nodeId === this.#deps.nodeId;
    this.#byActor.set(actorId, new ReplicaLink(info, local, this.#deps, this));
  }

  #index(): void {
    this.#all = [...this.#byActor.values()];
    this.#local = this.#all.filter(({ local }) => local);
    this.onChange();
  }

  /** How many are avoided, and how many can be used instead. */
  #tally(): { avoided: number; left: number } {
    let avoided = 0;
    let left = 0;
    for (const { avoidance, usable } of this.#all) {
      if (avoidance === "avoided") avoided += 1;
      else if (usable) left += 1;
    }
    return { avoided, left };
  }
}
