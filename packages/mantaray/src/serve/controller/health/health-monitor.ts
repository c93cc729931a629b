import type { Clock } from "../../../base/clock.ts";
import { MantaError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { Random } from "../../../base/random.ts";
import type { ActorRecord } from "../../../protocol/actor.ts";
import { controllerLimits } from "../limits.ts";
import { DueHeap } from "../loop/due-heap.ts";

/** What is checked and how often. */
export interface HealthSubject {
  readonly actor: ActorRecord;
  readonly periodMs: number;
  readonly timeoutMs: number;
}

/** What the monitor is made of. */
export interface HealthMonitorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly check: (actor: ActorRecord, timeoutMs: number) => Promise<void>;
  /** Three strikes in a row. The subject is checked no more. */
  readonly onUnhealthy: (id: string, reason: string) => void;
  /** A check has ended or one has become due sooner: the loop should turn. */
  readonly wake: () => void;
}

interface Entry {
  subject: HealthSubject;
  strikes: number;
  underWay: boolean;
}

/**
 * Health checks of replicas: each one `period × U(0.9, 1.1)` after the start of the one before (reference
 * section 5.3). A strike is an error of the user's check or no answer in time. A lost link is none: whoever
 * owns the process says when it is dead.
 */
export class HealthMonitor {
  readonly #deps: HealthMonitorDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #due = new DueHeap<string>();
  #underWay = 0;

  constructor(deps: HealthMonitorDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Begins to check, or takes over another period; the first check comes within one period. */
  track(id: string, subject: HealthSubject): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) {
      const sooner = subject.periodMs < entry.subject.periodMs;
      entry.subject = subject;
      if (sooner && !entry.underWay) this.#plan(id, subject.periodMs * this.#deps.random.next());
      return;
    }
    this.#entries.set(id, { subject, strikes: 0, underWay: false });
    this.#plan(id, subject.periodMs * this.#deps.random.next());
  }

  untrack(id: string): void {
    this.#entries.delete(id);
    this.#due.delete(id);
  }

  /** Starts the checks that are due. Returns when the next one is, or null. */
  run(): number | null {
    const { clock } = this.#deps;
    while (this.#underWay < controllerLimits.healthChecksMax) {
      const id = this.#due.take(clock.nowMs());
      if (id === undefined) break;
      const entry = this.#entries.get(id);
      if (entry !== undefined && !entry.underWay) void this.#check(id, entry);
    }
    return this.#underWay < controllerLimits.healthChecksMax ? this.#due.nextMs() : null;
  }

  async #check(id: string, entry: Entry): Promise<void> {
    const { clock, random, log, check } = this.#deps;
    const startMs = clock.nowMs();
    entry.underWay = true;
    this.#underWay += 1;
    let failure: MantaError | undefined;
    try {
      await check(entry.subject.actor, entry.subject.timeoutMs);
      entry.strikes = 0;
    } catch (error) {
      failure = MantaError.from(error);
      if (isStrike(failure)) entry.strikes += 1;
      log.info({ err: failure, replica: id, strikes: entry.strikes }, "a health check failed");
    } finally {
      entry.underWay = false;
      this.#underWay -= 1;
    }
    if (this.#entries.get(id) !== entry) return;
    if (failure !== undefined && entry.strikes >= controllerLimits.unhealthyStrikes) {
      this.untrack(id);
      this.#deps.onUnhealthy(id, failure.rawMessage);
    } else {
      const nextMs = startMs + entry.subject.periodMs * (0.9 + 0.2 * random.next());
      this.#plan(id, Math.max(0, nextMs - clock.nowMs()));
    }
    this.#deps.wake();
  }

  #plan(id: string, delayMs: number): void {
    this.#due.set(id, this.#deps.clock.nowMs() + delayMs);
  }
}

/** Errors that say nothing about the replica itself. */
const isStrike = (error: MantaError): boolean =>
  error.code !== "link_lost" && error.code !== "unavailable" && error.code !== "canceled" && error.code !== "draining";
