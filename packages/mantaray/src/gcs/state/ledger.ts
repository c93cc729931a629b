import { Backoff } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { ControlStore, TableMutation } from "../../store/index.ts";
import { gcsLimits } from "../limits.ts";
import { Barriers } from "./barriers.ts";
import { inSteps, MutationQueue } from "./mutation-queue.ts";
import type { StoreHealth } from "./store-health.ts";

/** What a ledger writes with. */
export interface LedgerDeps {
  readonly store: Pick<ControlStore, "write">;
  /** Of the lease, at this moment. */
  readonly epoch: () => number;
  /** The store has lost its data: takes the lease anew. Rejects when somebody else has it. */
  readonly reclaim: () => Promise<void>;
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Nothing can be written any more: this process is at its end. */
  readonly onFailure: (error: MantaError) => void;
  /** Default `gcsLimits.storeQueueMax`. */
  readonly queueMax?: number;
}

/**
 * Writes what changes in memory through to the store. Memory changes at once, the durable copy follows:
 *
 * L1 Changes are written in order, one write in flight; those of its time make up the next, one atomic step.
 * L2 A store that is away loses nothing: the same step is repeated until it is back. What waits is bounded;
 *    beyond the bound, and when the store has lost its data, all tables are written instead.
 * L3 That is more than one step where they are large: the first holds everything but large values. A process
 *    that dies between two steps leaves a store whose gaps its successor fills as those of an empty one:
 *    by the inventories of the nodes, their bundles, and the controller's checkpoint.
 * L4 A stale epoch ends it: nothing is written after.
 */
export class Ledger {
  readonly #deps: LedgerDeps;
  readonly #queue: MutationQueue;
  readonly #barriers: Barriers;
  readonly #backoff: Backoff;
  #tables: () => readonly TableMutation[] = () => [];
  /** All tables are to be written. */
  #everything = false;
  #running = false;
  #closed = false;
  #failure: MantaError | undefined;
  #wake: (() => void) | undefined;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
    this.#queue = new MutationQueue(deps.queueMax ?? gcsLimits.storeQueueMax, gcsLimits.storeQueueBytesMax);
    this.#barriers = new Barriers(deps.clock);
    const { storeRetryInitialMs: initialMs, storeRetryMaxMs: maxMs } = gcsLimits;
    this.#backoff = new Backoff({ initialMs, maxMs, factor: 2 }, deps.random);
  }

  /** Where to find all tables, for when they have to be written again. */
  useTables(tables: () => readonly TableMutation[]): void {
    this.#tables = tables;
  }

  get epoch(): number {
    return this.#deps.epoch();
  }

  get health(): StoreHealth {
    return this.#deps.health;
  }

  /** There are changes that are not durable yet. */
  get pending(): boolean {
    return this.#everything || this.#barriers.reached < this.#queue.added;
  }

  write(mutation: TableMutation): void {
    if (this.#failure !== undefined || this.#closed) return;
    if (!this.#queue.add(mutation)) {
      this.#deps.log.warn(
        { queueMax: this.#queue.entriesMax },
        "too much waits for the store: all tables will be written",
      );
      this.#everything = true;
      this.#queue.clear();
    }
    if (!this.#running) void this.#run();
  }

  /** The store's data are gone, as somebody else found out. */
  dataLost(): void {
    this.#everything = true;
    this.#queue.clear();
    this.#wake?.();
    if (!this.#running) void this.#run();
  }

  /** `unavailable` when the store is known to be away for longer than a slow one is: called before anything changes. */
  admit(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.health.lost) throw this.health.error();
  }

  /**
   * Resolves when everything written so far is durable: what an acknowledgement waits for. `unavailable` when that
   * takes longer than `gcsLimits.storeAckMs`, or the store is away.
   */
  async settled(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const target = this.#queue.added;
    // In short waits: the store may turn out to be away meanwhile.
    for (let waitedMs = 0; waitedMs < gcsLimits.storeAckMs; waitedMs += gcsLimits.storeRetryMaxMs) {
      if (this.#barriers.reached >= target) return;
      if (this.health.lost) throw this.health.error();
      if (await this.#barriers.wait(target, gcsLimits.storeRetryMaxMs)) return;
    }
    throw new MantaError(
      "unavailable",
      `the change was made and is not stored yet: the control store's storage is too slow (${gcsLimits.storeAckMs} ms)`,
    );
  }

  /**
   * Resolves when everything written so far is durable, or it is plain that the store is away: then nobody else
   * gets the lease there either, or whoever got it makes himself heard by a newer epoch. What an order to an
   * agent waits for. Rejects only at the end of this process.
   */
  async orderable(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.health.lost) return;
    await this.#barriers.wait(this.#queue.added, gcsLimits.storePatienceMs);
  }

  /** Writes what waits, within `timeoutMs`, then nothing more. True: everything is durable. */
  async close(timeoutMs: number): Promise<boolean> {
    if (this.pending && this.#failure === undefined && this.health.available) {
      await this.#barriers.wait(this.#queue.added, timeoutMs).catch(() => undefined);
    }
    const done = !this.pending && this.#failure === undefined;
    this.stop();
    return done;
  }

  /** Writes nothing more, whatever waits. */
  stop(): void {
    this.#closed = true;
    this.#wake?.();
    this.#barriers.fail(new MantaError("unavailable", "the control store stops"));
  }

  async #run(): Promise<void> {
    this.#running = true;
    // The rest of this turn is part of the first step.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#closed && (this.#everything || this.#queue.length > 0)) {
      if (this.#everything) await this.#writeEverything();
      else await this.#writeNext();
    }
    this.#running = false;
  }

  async #writeNext(): Promise<void> {
    const step = this.#queue.take(gcsLimits.storeStepBytes);
    const position = this.#queue.added - this.#queue.length;
    if (await this.#writeStep(step)) this.#barriers.reach(position);
  }

  /** A snapshot of this moment, in steps; what changes meanwhile is written after it. */
  async #writeEverything(): Promise<void> {
    this.#everything = false;
    this.#queue.clear();
    const position = this.#queue.added;
    const tables = this.#tables();
    const steps = inSteps([{ kind: "reset" }, ...tables], gcsLimits.storeStepBytes);
    this.#deps.log.warn({ steps: steps.length, mutations: tables.length }, "writing all tables");
    for (const step of steps) {
      // Again from the start when the data were lost in between.
      if (!(await this.#writeStep(step)) || this.#everything) return;
    }
    this.#barriers.reach(position);
  }

  /** Repeats one step until it is durable. False: it is of no use any more. */
  async #writeStep(step: readonly TableMutation[]): Promise<boolean> {
    const { store, health, log } = this.#deps;
    for (;;) {
      if (this.#closed) return false;
      const slow = this.#watchSlow();
      try {
        await store.write(this.epoch, step);
        slow.cancel();
        health.worked("tables");
        this.#backoff.reset();
        return true;
      } catch (thrown) {
        slow.cancel();
        const error = MantaError.from(thrown);
        if (error.code === "data_loss") return await this.#begin(error);
        if (error.code !== "unavailable" || error.details.final === true) {
          this.#fail(error);
          return false;
        }
        log.debug({ err: error }, "a write failed");
        health.failed("tables", error.rawMessage);
        await this.#pause();
      }
    }
  }

  /** The store is empty: a new lease, and everything from the start. Always false. */
  async #begin(loss: MantaError): Promise<false> {
    const { reclaim, log, health } = this.#deps;
    log.error({ err: loss }, "the store has lost its data: they are written again");
    this.#everything = true;
    try {
      await reclaim();
    } catch (thrown) {
      const error = MantaError.from(thrown);
      if (error.code !== "unavailable" && error.code !== "data_loss") this.#fail(error);
      else {
        health.failed("tables", error.rawMessage);
        await this.#pause();
      }
    }
    return false;
  }

  #fail(error: MantaError): void {
    this.#failure = error;
    this.#closed = true;
    this.#queue.clear();
    this.#barriers.fail(error);
    this.#deps.onFailure(error);
  }

  /** A write that does not come back is as good as failed, for those who wait. */
  #watchSlow(): Timer {
    const { clock, health } = this.#deps;
    const startMs = clock.nowMs();
    return clock.after(
      gcsLimits.storePatienceMs,
      () => health.failed("tables", `it has not answered a write for ${gcsLimits.storePatienceMs} ms`, startMs),
      { unref: true },
    );
  }

  async #pause(): Promise<void> {
    const { clock } = this.#deps;
    await new Promise<void>((resolve) => {
      const timer = clock.after(this.#backoff.nextMs(), resolve, { unref: true });
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
