import type { Random } from "./random.ts";

/** Shape of an exponential back-off with jitter. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
}

/** Delays that grow by `factor` up to `maxMs`, each scattered over [½, 1] of its value. */
export class Backoff {
  #attempt = 0;
  readonly #options: BackoffOptions;
  readonly #random: Random;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  nextMs(): number {
    const { initialMs, maxMs, factor } = this.#options;
    const fullMs = Math.min(maxMs, initialMs * factor ** this.#attempt);
    this.#attempt += 1;
    return fullMs * (0.5 + this.#random.next() / 2);
  }

  /** Call after a period of stable success, not on mere connection. */
  reset(): void {
    this.#attempt = 0;
  }
}
