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
  /** Whether a control store hears us, as far as we know: then it decides. */
  readonly reachable: () => boolean;
  /** Whether the end of that life of the actor still waits to be reported. */
  readonly exitPending: (actorId: ActorId, restarts: number) => boolean;
  /** The report of that end has to say that another life follows. */
  readonly repaired: (actorId: ActorId, restarts: number) => void;
  readonly start: (record: ActorRecord) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The recent past of one actor that ends again and again. */
interface History {
  /** Lives in a row that were shorter than a period. */
  shortLives: number;
  /** Begin of the present life, if we began it. */
  beganMs: number;
  readonly backoff: Backoff;
}

/**
 * Restarts actors of this node that end while no control store hears of it, in place: same id, same addresses,
 * one restart more. The control store hears of every life when it is back: of the ends with their causes, of the
 * present life by the inventory.
 *
 * L1: after a few short lives in a row, restarts are delayed more and more; a life of a whole period ends that.
 * L2: while a control store seems to be there, it decides; an end that it does not confirm is looked at again.
 */
export class LocalRepair {
  readonly #deps: LocalRepairDeps;
  readonly #looks = new Map<ActorId, Timer>();
  readonly #histories = new Map<ActorId, History>();
  #stopped = false;

  constructor(deps: LocalRepairDeps) {
    this.#deps = deps;
  }

  /** An actor has ended, and nobody had asked for it. */
  ended(record: ActorRecord): void {
    const { restarts, spec } = record;
    if (!spec.localRepair && spec.maxRestarts !== -1 && restarts >= spec.maxRestarts) return;
    this.#note(record.actorId);
    this.#consider(record);
  }

  /** A control store is there: what it restarts is its business. */
  reset(): void {
    this.#histories.clear();
  }

  stop(): void {
    this.#stopped = true;
    for (const look of this.#looks.values()) look.cancel();
    this.#looks.clear();
  }

  #consider(record: ActorRecord): void {
    const { reachable, exitPending } = this.#deps;
    const { actorId, restarts } = record;
    // The control store has heard of it and does what is right.
    if (this.#stopped || !exitPending(actorId, restarts)) return;
    if (reachable()) return this.#lookAgain(record, nodeLimits.repairLookMs);
    const waitMs = this.#delayMs(actorId);
    if (waitMs === 0) this.#repair(record);
    else this.#lookAgain(record, waitMs, true);
  }

  /** `waited`: its turn has come, unless a control store has come before. */
  #lookAgain(record: ActorRecord, delayMs: number, waited = false): void {
    const { actorId, restarts } = record;
    this.#looks.get(actorId)?.cancel();
    const look = this.#deps.clock.after(delayMs, () => {
      this.#looks.delete(actorId);
      const isDue = waited && !this.#deps.reachable() && this.#deps.exitPending(actorId, restarts);
      if (isDue) this.#repair(record);
      else this.#consider(record);
    });
    this.#looks.set(actorId, look);
  }

  #repair(record: ActorRecord): void {
    const { start, repaired, clock, log } = this.#deps;
    const { actorId, restarts, spec } = record;
    log.warn({ actorId, className: spec.className, restarts }, "no control store: restarting an actor in place");
    try {
      start({ ...record, restarts: restarts + 1 });
    } catch (thrown) {
      const error = MantaError.from(thrown);
      if (error.code === "draining") return;
      log.warn({ err: error, actorId }, "cannot restart an actor: trying again");
      this.#lookAgain(record, this.#history(actorId).backoff.nextMs());
      return;
    }
    repaired(actorId, restarts);
    this.#history(actorId).beganMs = clock.nowMs();
  }

  #note(actorId: ActorId): void {
    const history = this.#history(actorId);
    const lifeMs = this.#deps.clock.nowMs() - history.beganMs;
    if (lifeMs >= nodeLimits.repairPeriodMs) {
      history.shortLives = 0;
      history.backoff.reset();
    } else history.shortLives += 1;
  }

  /** L1 */
  #delayMs(actorId: ActorId): number {
    const { shortLives, backoff } = this.#history(actorId);
    return shortLives < nodeLimits.repairIntensity ? 0 : backoff.nextMs();
  }

  #history(actorId: ActorId): History {
    const found = this.#histories.get(actorId);
    if (found !== undefined) return found;
    const shape = { initialMs: nodeLimits.repairInitialMs, maxMs: nodeLimits.repairMaxMs, factor: 2 };
    const made = { shortLives: 0, beganMs: Number.NEGATIVE_INFINITY, backoff: new Backoff(shape, this.#deps.random) };
    this.#histories.set(actorId, made);
    return made;
  }
}
