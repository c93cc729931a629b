import { routingLimits } from "./limits.ts";

/** Share, floor and window of a budget; defaults are those of `limits.ts`. */
export interface RetryBudgetOptions {
  readonly share: number;
  readonly perSecondMin: number;
  readonly windowSeconds: number;
}

/**
 * How many requests may run a second time: a share of the traffic of the last seconds, with a floor. It
 * keeps a failing deployment from being buried under its own retries. `tick` once a second moves the window.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #floor: number;
  readonly #sent: number[];
  readonly #spent: number[];
  #slot = 0;
  #sentInWindow = 0;
  #spentInWindow = 0;

  constructor(options: Partial<RetryBudgetOptions> = {}) {
    const windowSeconds = options.windowSeconds ?? routingLimits.retryWindowSeconds;
    this.#share = options.share ?? routingLimits.retryShare;
    this.#floor = (options.perSecondMin ?? routingLimits.retriesPerSecondMin) * windowSeconds;
    this.#sent = Array.from({ length: windowSeconds }, () => 0);
    this.#spent = Array.from({ length: windowSeconds }, () => 0);
  }

  /** One more request of ordinary traffic. */
  onRequest(): void {
    this.#sent[this.#slot]! += 1;
    this.#sentInWindow += 1;
  }

  /** Takes one retry out of the budget; false when there is none left. */
  trySpend(): boolean {
    if (this.#spentInWindow >= Math.max(this.#floor, this.#share * this.#sentInWindow)) return false;
    this.#spent[this.#slot]! += 1;
    this.#spentInWindow += 1;
    return true;
  }

  tick(): void {
    this.#slot = (this.#slot + 1) % this.#sent.length;
    this.#sentInWindow -= this.#sent[this.#slot]!;
    this.#spentInWindow -= this.#spent[this.#slot]!;
    this.#sent[this.#slot] = 0;
    this.#spent[this.#slot] = 0;
  }
}
