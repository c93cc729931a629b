import { MantaError } from "../../base/errors.ts";
import type { ControlStore, TableMutation } from "../../store/index.ts";

/**
 * Writes what changes in memory through to the store. The tables change at once and in order, the
 * durable copy follows; whoever acknowledges a change waits for `settled` first. A store that refuses
 * a write has a newer writer or is broken: either way this process is at its end.
 */
export class Ledger {
  readonly #store: ControlStore;
  readonly #epoch: number;
  readonly #onFailure: (error: MantaError) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(store: ControlStore, epoch: number, onFailure: (error: MantaError) => void) {
    this.#store = store;
    this.#epoch = epoch;
    this.#onFailure = onFailure;
  }

  write(mutation: TableMutation): void {
    this.#last = this.#store.write(this.#epoch, [mutation]);
    this.#last.catch((error: unknown) => this.#onFailure(MantaError.from(error)));
  }

  /** Resolves when everything written so far is durable: the store keeps the order, so the last one speaks for all. */
  settled(): Promise<void> {
    return this.#last;
  }
}
