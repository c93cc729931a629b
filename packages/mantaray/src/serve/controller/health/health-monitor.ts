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
  /** It was taken over as it was found: its first check comes soon. */
  readonly recovering: boolean;
}

/** What the monitor is made of. */
export interface HealthMonitorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Resolves with the requests under way. */
  readonly check: (actor: ActorRecord, timeoutMs: number) => Promise<number>;
  readonly onHealthy: (id: string, ongoing: number) => void;
  /** Three strikes in a row. The subject is checked no more. */
  readonly onUnhealthy: (id: string, reason: string) => void;
  /** A check has ended or one has become due sooner: the loop should turn. */
  readonly wake: () => void;
}

interface Entry {
  subject: HealthSubject;
  strikes: number;
  underWay: boolean;
  /** Since when it cannot be reached; null: it was, or that is not known. */
  unreachedSinceMs: number | null;
}

/**
 * Health checks of replicas: each one `period × U(0.9, 1.1)` after the start of the one before (reference
 * section 5.3). A strike is an error of the user's check or no answer in time. A lost link is none: whoever
 * owns the process says when it is dead. Only where nobody says so and no link comes about for long is it
 * given up, and not when most are out of reach: then it is this process that is cut off.
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

  /** Begins to check, or takes over what has changed; the first check comes within one period. */
  track(id: string, subject: HealthSubject): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      this.#entries.set(id, { subject, strikes: 0, underWay: false, unreachedSinceMs: null });
      this.#planFirst(id, subject);
      return;
    }
    const before = entry.subject;
    entry.subject = subject;
    const isNew = before.actor.workerId !== subject.actor.workerId;
    if (isNew) {
      entry.strikes = 0;
      entry.unreachedSinceMs = null;
    }
    if (!entry.underWay && (isNew || subject.periodMs < before.periodMs)) this.#planFirst(id, subject);
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
    const { clock, random, log, check, onHealthy } = this.#deps;
    const { subject } = entry;
    const startMs = clock.nowMs();
    entry.underWay = true;
    this.#underWay += 1;
    let failure: MantaError | undefined;
    try {
      const ongoing = await check(subject.actor, subject.timeoutMs);
      if (entry.subject.actor.workerId === subject.actor.workerId && this.#entries.get(id) === entry) {
        entry.strikes = 0;
        entry.unreachedSinceMs = null;
        onHealthy(id, ongoing);
      }
    } catch (error) {
      failure = MantaError.from(error);
      if (isStrike(failure)) entry.strikes += 1;
      entry.unreachedSinceMs = isUnreached(failure) ? (entry.unreachedSinceMs ?? startMs) : null;
      log.info({ err: failure, replica: id, strikes: entry.strikes }, "a health check failed");
    } finally {
      entry.underWay = false;
      this.#underWay -= 1;
    }
    if (this.#entries.get(id) !== entry) return;
    if (failure !== undefined && (entry.strikes >= controllerLimits.unhealthyStrikes || this.#isGivenUp(entry))) {
      this.untrack(id);
      this.#deps.onUnhealthy(id, failure.rawMessage);
    } else if (entry.subject.actor.workerId !== subject.actor.workerId) {
      this.#planFirst(id, entry.subject);
    } else {
      const nextMs = startMs + entry.subject.periodMs * (0.9 + 0.2 * random.next());
      this.#plan(id, Math.max(0, nextMs - clock.nowMs()));
    }
    this.#deps.wake();
  }

  #isGivenUp({ unreachedSinceMs }: Entry): boolean {
    const { unreachableMs, unreachableShareMax } = controllerLimits;
    if (unreachedSinceMs === null || this.#deps.clock.nowMs() - unreachedSinceMs < unreachableMs) return false;
    const unreached = [...this.#entries.values()].filter((entry) => entry.unreachedSinceMs !== null).length;
    return unreached <= this.#entries.size * unreachableShareMax;
  }

  #planFirst(id: string, { periodMs, recovering }: HealthSubject): void {
    const withinMs = recovering ? Math.min(periodMs, controllerLimits.recoverCheckMs) : periodMs;
    this.#plan(id, withinMs * this.#deps.random.next());
  }

  #plan(id: string, delayMs: number): void {
    this.#due.set(id, this.#deps.clock.nowMs() + delayMs);
  }
}

const isUnreached = (error: MantaError): boolean => error.code === "link_lost" || error.code === "unavailable";

/** Errors that say nothing about the replica itself. */
const isStrike = (error: MantaError): boolean =>
  error.code !== "link_lost" && error.code !== "unavailable" && error.code !== "canceled" && error.code !== "draining";
