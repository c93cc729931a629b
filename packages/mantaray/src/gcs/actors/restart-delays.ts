import type { Clock } from "../../base/clock.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";
import { gcsLimits } from "../limits.ts";

interface Delay {
  /** Crashes in a row without a stable life between them. */
  crashes: number;
  refusals: number;
  notBeforeMs: number;
  aliveSinceMs: number | undefined;
  avoid: NodeId | undefined;
}

/**
 * How long an actor waits before it is started again. The first restart is immediate, those of a crash
 * loop wait longer and longer, and a stable life makes everything forgotten. Kept in memory only: a new
 * control store gives everyone a fresh chance.
 */
export class RestartDelays {
  readonly #delays = new Map<ActorId, Delay>();
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The actor ended by its own fault. Returns the delay before its next start, ms. */
  crashed(actorId: ActorId): number {
    const delay = this.#of(actorId);
    const nowMs = this.#clock.nowMs();
    const { aliveSinceMs } = delay;
    if (aliveSinceMs !== undefined && nowMs - aliveSinceMs >= gcsLimits.restartStableMs) delay.crashes = 0;
    delay.crashes += 1;
    delay.aliveSinceMs = undefined;
    const delayMs = delay.crashes === 1 ? 0 : this.#grown(gcsLimits.restartBackoffInitialMs, delay.crashes - 2);
    delay.notBeforeMs = nowMs + delayMs;
    return delayMs;
  }

  /** The node would not start it. Returns the delay before the next attempt, ms. */
  refused(actorId: ActorId, nodeId: NodeId): number {
    const delay = this.#of(actorId);
    const delayMs = this.#grown(gcsLimits.refusedBackoffInitialMs, delay.refusals);
    delay.refusals += 1;
    delay.avoid = nodeId;
    delay.notBeforeMs = this.#clock.nowMs() + delayMs;
    return delayMs;
  }

  ready(actorId: ActorId): void {
    const delay = this.#delays.get(actorId);
    if (delay === undefined) return;
    delay.refusals = 0;
    delay.avoid = undefined;
    delay.aliveSinceMs = this.#clock.nowMs();
  }

  /** Whether it may be started now. */
  isDue(actorId: ActorId): boolean {
    return (this.#delays.get(actorId)?.notBeforeMs ?? 0) <= this.#clock.nowMs();
  }

  /** The node that refused it last. */
  avoid(actorId: ActorId): NodeId | undefined {
    return this.#delays.get(actorId)?.avoid;
  }

  forget(actorId: ActorId): void {
    this.#delays.delete(actorId);
  }

  /** A successor inherits the crash loop of the actor it follows. */
  inherit(from: ActorId, to: ActorId): void {
    const delay = this.#delays.get(from);
    if (delay !== undefined) this.#delays.set(to, delay);
    this.#delays.delete(from);
  }

  #of(actorId: ActorId): Delay {
    const found = this.#delays.get(actorId);
    if (found !== undefined) return found;
    const fresh = { crashes: 0, refusals: 0, notBeforeMs: 0, aliveSinceMs: undefined, avoid: undefined };
    this.#delays.set(actorId, fresh);
    return fresh;
  }

  /** Doubles each time, bounded, scattered over [½, 1] so that many do not come back at once. */
  #grown(initialMs: number, times: number): number {
    const fullMs = Math.min(gcsLimits.restartBackoffMaxMs, initialMs * 2 ** times);
    return fullMs * (0.5 + this.#random.next() / 2);
  }
}
