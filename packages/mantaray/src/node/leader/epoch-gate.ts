import { MantaError } from "../../base/errors.ts";

/**
 * The newest epoch that this agent has heard, in memory. A control store of an older one has lost its lease,
 * whether it knows that yet or not: nothing it asks for is done.
 */
export class EpochGate {
  #newest = 0;

  /** 0: none yet. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes a newer epoch over. Throws `stale_epoch` for an older one, details `{ newest }`. */
  check(epoch: number): void {
    if (epoch < this.#newest) {
      throw new MantaError("stale_epoch", `this node follows epoch ${this.#newest}: epoch ${epoch} is over`, {
        details: { newest: this.#newest },
      });
    }
    this.#newest = epoch;
  }
}
