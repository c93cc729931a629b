import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ControlStore, StoredTables } from "../control-store.ts";
import { LeaseKeeper } from "../lease-keeper.ts";
import { LoggedStore, type MutationLog } from "../logged-store.ts";
import type { Mutation } from "../mutation.ts";
import { TableState } from "../table-state.ts";

/** What survives when a memory store is closed and opened again: give the same one to both. */
export class MemoryDisk {
  readonly state = new TableState();
}

/** Options of a memory store. */
export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Default: a new, empty one. */
  readonly disk?: MemoryDisk;
}

/** A store that lasts as long as its `MemoryDisk`: for tests and clusters that may forget. */
export const openMemoryStore = async ({ clock, disk }: MemoryStoreOptions): Promise<ControlStore> => {
  const { state } = disk ?? new MemoryDisk();
  return new LoggedStore(new MemoryLog(state), new LeaseKeeper(clock, state.epoch));
};

/** Applies at once. */
class MemoryLog implements MutationLog {
  readonly #state: TableState;
  #closed = false;

  constructor(state: TableState) {
    this.#state = state;
  }

  async append(mutations: readonly Mutation[]): Promise<void> {
    this.#checkOpen();
    for (const mutation of mutations) this.#state.apply(mutation);
  }

  async flush(): Promise<void> {
    this.#checkOpen();
  }

  tables(): StoredTables {
    return this.#state.tables();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw new MantaError("unavailable", "the store is closed");
  }
}
