import { type Clock, pause } from "./clock.ts";

/** How much. */
export interface TokenBucketOptions {
  /** Tokens a second in the long run. */
  readonly ratePerSecond: number;
  /** Tokens at once. */
  readonly burst: number;
  readonly clock: Clock;
}

/** Lets so many through a second, first come first served. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #filledAtMs: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAtMs = options.clock.nowMs();
  }

  /** Takes one if there is one. */
  tryTake(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Waits for one; returns how long it took, in ms. When the signal fires, the token is given back. */
  async take(signal?: AbortSignal): Promise<number> {
    this.#fill();
    // Below zero: reserved by those who wait, each after the one before.
    this.#tokens -= 1;
    if (this.#tokens >= 0) return 0;
    const waitMs = (-this.#tokens * 1_000) / this.#options.ratePerSecond;
    await pause(this.#options.clock, waitMs, signal);
    if (signal?.aborted === true) this.#tokens += 1;
    return waitMs;
  }

  #fill(): void {
    const nowMs = this.#options.clock.nowMs();
    const added = ((nowMs - this.#filledAtMs) * this.#options.ratePerSecond) / 1_000;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + added);
    this.#filledAtMs = nowMs;
  }
}
