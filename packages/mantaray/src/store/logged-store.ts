import type { ControlStore, LeaseClaim, LeaseTerm, StoredTables } from "./control-store.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Mutation, TableMutation } from "./mutation.ts";

/** Where mutations go: appended in order, applied once they are durable. */
export interface MutationLog {
  /** Resolves when the mutations are durable, all or none, and part of `tables()`. */
  append(mutations: readonly Mutation[]): Promise<void>;
  /** Resolves when everything appended so far is. */
  flush(): Promise<void>;
  tables(): StoredTables;
  close(): Promise<void>;
}

/**
 * The store over a log of mutations whose only writer is this process: the lease is checked here, at
 * the call, so that the order of calls is the order of the log.
 */
export class LoggedStore implements ControlStore {
  readonly #log: MutationLog;
  readonly #lease: LeaseKeeper;

  constructor(log: MutationLog, lease: LeaseKeeper) {
    this.#log = log;
    this.#lease = lease;
  }

  async claimLease(holder: string, ttlMs: number): Promise<LeaseClaim> {
    const claim = this.#lease.claim(holder, ttlMs);
    // The epoch is durable before anybody may write with it: it can never be granted twice (S4).
    if (claim.granted) await this.#log.append([{ kind: "lease", epoch: claim.epoch }]);
    return claim;
  }

  async renewLease(term: LeaseTerm, ttlMs: number): Promise<void> {
    this.#lease.renew(term, ttlMs);
  }

  async releaseLease(term: LeaseTerm): Promise<void> {
    this.#lease.release(term);
    await this.#log.flush();
  }

  async write(epoch: number, mutations: readonly TableMutation[]): Promise<void> {
    this.#lease.check(epoch);
    if (mutations.length > 0) await this.#log.append(mutations);
  }

  async load(): Promise<StoredTables> {
    await this.#log.flush();
    return this.#log.tables();
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
