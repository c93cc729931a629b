import type { Clock, Timer } from "../../base/clock.ts";

const periodMs = 200;
/** What came while the loop stood still is read within so long after. */
const aftermathMs = 100;

/**
 * How long this process may have left a request lying unread. A deadline travels as the time that was left when
 * the request was sent; a process that was stopped, or computed for seconds, reads it late and without a word
 * about when that was.
 */
export class LoopStall {
  readonly #clock: Clock;
  #timer: Timer;
  #lastBeatMs: number;
  #endedAtMs = Number.NEGATIVE_INFINITY;
  #lastedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastBeatMs = clock.nowMs();
    this.#timer = this.#beatLater();
  }

  /** A request that is read now may have come this long ago, ms; 0: just now. */
  unreadMaxMs(): number {
    const nowMs = this.#clock.nowMs();
    const sinceMs = nowMs - this.#lastBeatMs;
    if (sinceMs > 2 * periodMs) return sinceMs;
    return nowMs - this.#endedAtMs <= aftermathMs ? this.#lastedMs : 0;
  }

  close(): void {
    this.#timer.cancel();
  }

  #beatLater(): Timer {
    return this.#clock.after(periodMs, () => this.#beat(), { unref: true });
  }

  #beat(): void {
    const nowMs = this.#clock.nowMs();
    const sinceMs = nowMs - this.#lastBeatMs;
    if (sinceMs > 2 * periodMs) {
      this.#lastedMs = sinceMs;
      this.#endedAtMs = nowMs;
    }
    this.#lastBeatMs = nowMs;
    this.#timer = this.#beatLater();
  }
}
