import type { ActorId, NodeId } from "../base/ids.ts";
import type { ActorRecord } from "../protocol/actor.ts";
import type { ClusterEvent } from "../protocol/gcs.ts";
import type { NodeRecord } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";

/** One entry of the key-value table. */
export interface KvEntry {
  readonly namespace: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Everything the store holds, in no promised order except `events` (oldest first). */
export interface StoredTables {
  readonly nodes: readonly NodeRecord[];
  readonly actors: readonly ActorRecord[];
  readonly kv: readonly KvEntry[];
  readonly routing: RoutingSnapshot | null;
  readonly events: readonly ClusterEvent[];
}

/** Outcome of a claim: the new epoch, or who holds the lease and for how long at most. */
export type LeaseClaim =
  | { readonly granted: true; readonly epoch: number }
  | { readonly granted: false; readonly holder: string; readonly remainingMs: number };

/** Names one holder of the lease at one epoch. */
export interface LeaseTerm {
  readonly holder: string;
  readonly epoch: number;
}

/**
 * What the control store needs of a durable log, in its own words. Every backend keeps these rules:
 *
 * S1 Every mutation carries the epoch of its writer's lease. The store itself refuses one that is not of
 *    the newest, unreleased lease with `stale_epoch`; a refused mutation changes nothing.
 * S2 A mutation's promise resolves only once the change is durable (as durable as the backend is).
 * S3 Mutations take effect in the order of the calls; each is atomic, lists included.
 * S4 Epochs rise with every claim, also across restarts.
 * S5 An expired lease that nobody else has claimed stays valid and may be renewed.
 *
 * Records and bytes belong to the store once handed over: nobody changes them afterwards. A backend that
 * has failed rejects everything that follows with the first failure as cause; its owner starts anew.
 */
export interface ControlStore {
  /** Takes the lease when it is free, expired or released. The same holder may claim again: a new epoch. */
  claimLease(holder: string, ttlMs: number): Promise<LeaseClaim>;
  /** Prolongs the lease; `stale_epoch` when it has passed to somebody else or was released. */
  renewLease(term: LeaseTerm, ttlMs: number): Promise<void>;
  /** Gives the lease back, so that the next claim need not wait. Nothing is written with this epoch any more. */
  releaseLease(term: LeaseTerm): Promise<void>;

  putNodes(epoch: number, nodes: readonly NodeRecord[]): Promise<void>;
  deleteNodes(epoch: number, nodeIds: readonly NodeId[]): Promise<void>;
  putActors(epoch: number, actors: readonly ActorRecord[]): Promise<void>;
  deleteActors(epoch: number, actorIds: readonly ActorId[]): Promise<void>;
  putKv(epoch: number, entry: KvEntry): Promise<void>;
  deleteKv(epoch: number, namespace: string, key: string): Promise<void>;
  putRouting(epoch: number, snapshot: RoutingSnapshot): Promise<void>;
  /** Keeps the newest `storeLimits.eventsMax`. */
  appendEvent(epoch: number, event: ClusterEvent): Promise<void>;

  /** Everything, after all mutations before this call. */
  load(): Promise<StoredTables>;
  /** Finishes what is under way and lets go of files and connections. Later calls fail with `unavailable`. */
  close(): Promise<void>;
}
