import type { Clock, Timer } from "../../base/clock.ts";
import { routingLimits } from "./limits.ts";

/** Something with a deadline. The wheel owns all fields but `deadlineMs`. */
export interface Expiring<T> {
  readonly deadlineMs: number;
  deadlinePrevious: T | undefined;
  deadlineNext: T | undefined;
  /** Slot it is in; -1 when in none. */
  deadlineSlot: number;
}

/** Room for ten seconds at the default tick; later deadlines stay through more than one turn. */
const slotsMax = 512;

/**
 * Deadlines of many requests on one timer: adding and removing is a few assignments. A hashed wheel; the
 * timer runs only while something is in it.
 */
export class Deadlines<T extends Expiring<T>> {
  readonly #clock: Clock;
  readonly #onExpired: (item: T) => void;
  readonly #slots: (T | undefined)[] = Array.from({ length: slotsMax }, () => undefined);
  /** Ticks since the clock's zero that have been swept. */
  #sweptTick = 0;
  #size = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, onExpired: (item: T) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    if (this.#size === 0) this.#start();
    // Never into a slot that this turn has swept already.
    const tick = Math.max(Math.ceil(item.deadlineMs / routingLimits.deadlineTickMs), this.#sweptTick + 1);
    const slot = tick % slotsMax;
    const next = this.#slots[slot];
    item.deadlineSlot = slot;
    item.deadlineNext = next;
    if (next !== undefined) next.deadlinePrevious = item;
    this.#slots[slot] = item;
    this.#size += 1;
  }

  remove(item: T): void {
    if (item.deadlineSlot === -1) return;
    if (item.deadlinePrevious === undefined) this.#slots[item.deadlineSlot] = item.deadlineNext;
    else item.deadlinePrevious.deadlineNext = item.deadlineNext;
    if (item.deadlineNext !== undefined) item.deadlineNext.deadlinePrevious = item.deadlinePrevious;
    item.deadlinePrevious = undefined;
    item.deadlineNext = undefined;
    item.deadlineSlot = -1;
    this.#size -= 1;
    if (this.#size === 0) this.close();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #start(): void {
    this.#sweptTick = Math.floor(this.#clock.nowMs() / routingLimits.deadlineTickMs);
    this.#timer = this.#clock.after(routingLimits.deadlineTickMs, () => this.#onTick(), { unref: true });
  }

  #onTick(): void {
    const nowMs = this.#clock.nowMs();
    const nowTick = Math.floor(nowMs / routingLimits.deadlineTickMs);
    this.#timer = this.#clock.after(routingLimits.deadlineTickMs, () => this.#onTick(), { unref: true });
    // After a long pause one whole turn covers every slot.
    let tick = Math.max(this.#sweptTick + 1, nowTick - slotsMax + 1);
    this.#sweptTick = nowTick;
    for (; tick <= nowTick; tick += 1) this.#sweep(tick % slotsMax, nowMs);
  }

  #sweep(slot: number, nowMs: number): void {
    let item = this.#slots[slot];
    while (item !== undefined) {
      const next: T | undefined = item.deadlineNext;
      if (item.deadlineMs <= nowMs) {
        this.remove(item);
        this.#onExpired(item);
      }
      // The callback may have ended the next one as well.
      item = next === undefined || next.deadlineSlot === slot ? next : this.#slots[slot];
    }
  }
}
