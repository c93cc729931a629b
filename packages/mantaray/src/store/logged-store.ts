import type { ActorId, NodeId } from "../base/ids.ts";
import type { ActorRecord } from "../protocol/actor.ts";
import type { ClusterEvent } from "../protocol/gcs.ts";
import type { NodeRecord } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import type { ControlStore, KvEntry, LeaseClaim, LeaseTerm, StoredTables } from "./control-store.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Mutation } from "./mutation.ts";

/** Where mutations go: appended in order, applied once they are durable. */
export interface MutationLog {
  /** Resolves when the mutation is durable and part of `tables()`. */
  append(mutation: Mutation): Promise<void>;
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
    if (claim.granted) await this.#log.append({ kind: "lease", epoch: claim.epoch });
    return claim;
  }

  async renewLease(term: LeaseTerm, ttlMs: number): Promise<void> {
    this.#lease.renew(term, ttlMs);
  }

  async releaseLease(term: LeaseTerm): Promise<void> {
    this.#lease.release(term);
    await this.#log.flush();
  }

  putNodes(epoch: number, nodes: readonly NodeRecord[]): Promise<void> {
    return this.#write(epoch, { kind: "putNodes", nodes });
  }

  deleteNodes(epoch: number, nodeIds: readonly NodeId[]): Promise<void> {
    return this.#write(epoch, { kind: "deleteNodes", nodeIds });
  }

  putActors(epoch: number, actors: readonly ActorRecord[]): Promise<void> {
    return this.#write(epoch, { kind: "putActors", actors });
  }

  deleteActors(epoch: number, actorIds: readonly ActorId[]): Promise<void> {
    return this.#write(epoch, { kind: "deleteActors", actorIds });
  }

  putKv(epoch: number, { namespace, key, value }: KvEntry): Promise<void> {
    return this.#write(epoch, { kind: "putKv", namespace, key, value });
  }

  deleteKv(epoch: number, namespace: string, key: string): Promise<void> {
    return this.#write(epoch, { kind: "deleteKv", namespace, key });
  }

  putRouting(epoch: number, snapshot: RoutingSnapshot): Promise<void> {
    return this.#write(epoch, { kind: "putRouting", snapshot });
  }

  appendEvent(epoch: number, event: ClusterEvent): Promise<void> {
    return this.#write(epoch, { kind: "appendEvent", event });
  }

  async load(): Promise<StoredTables> {
    await this.#log.flush();
    return this.#log.tables();
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  async #write(epoch: number, mutation: Mutation): Promise<void> {
    this.#lease.check(epoch);
    await this.#log.append(mutation);
  }
}
