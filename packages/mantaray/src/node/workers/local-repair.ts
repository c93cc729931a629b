import { Backoff } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { nodeLimits } from "../limits.ts";

/** What the repair needs. */
export interface LocalRepairDeps {
  /** Whether the control store hears us: then it decides. */
  readonly registered: () => boolean;
  /** Whether the end of that life of the actor still waits to be reported. */
  readonly exitPending: (actorId: ActorId, restarts: number) => boolean;
  readonly start: (record: ActorRecord) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Restarts actors of this node that end while the control store is away, as often as their spec allows, so
 * that a proxy is not missing for as long as the head is. The control store hears of both lives when it is
 * back: of the end with its cause, of the new life by the inventory.
 */
export class LocalRepair {
  readonly #deps: LocalRepairDeps;
  readonly #looks = new Map<ActorId, Timer>();
  /** Of actors that ended since the control store was last heard. */
  readonly #backoffs = new Map<ActorId, Backoff>();

  constructor(deps: LocalRepairDeps) {
    this.#deps = deps;
  }

  /** An actor has ended, and nobody had asked for it. */
  ended(record: ActorRecord): void {
    const { restarts, spec } = record;
    if (spec.maxRestarts !== -1 && restarts >= spec.maxRestarts) return;
    this.#look(record);
  }

  /** The control store is back: what it restarts is its business, and its absence is over. */
  reset(): void {
    this.#backoffs.clear();
  }

  stop(): void {
    for (const look of this.#looks.values()) look.cancel();
    this.#looks.clear();
  }

  #look(record: ActorRecord): void {
    const { actorId } = record;
    this.#looks.get(actorId)?.cancel();
    const look = this.#deps.clock.after(this.#backoffOf(actorId).nextMs(), () => {
      this.#looks.delete(actorId);
      this.#decide(record);
    });
    this.#looks.set(actorId, look);
  }

  #decide(record: ActorRecord): void {
    const { registered, exitPending, start, log } = this.#deps;
    const { actorId, restarts } = record;
    // The control store has heard of it and does what is right.
    if (!exitPending(actorId, restarts)) return;
    if (registered()) return this.#look(record);
    log.warn(
      { actorId, className: record.spec.className },
      "the control store is away: restarting an actor without it",
    );
    try {
      start({ ...record, restarts: restarts + 1 });
    } catch (thrown) {
      const error = MantaError.from(thrown);
      if (error.code === "draining") return;
      log.warn({ err: error, actorId }, "cannot restart an actor: trying again");
      this.#look(record);
    }
  }

  #backoffOf(actorId: ActorId): Backoff {
    const found = this.#backoffs.get(actorId);
    if (found !== undefined) return found;
    const shape = { initialMs: nodeLimits.repairInitialMs, maxMs: nodeLimits.repairMaxMs, factor: 2 };
    const made = new Backoff(shape, this.#deps.random);
    this.#backoffs.set(actorId, made);
    return made;
  }
}
