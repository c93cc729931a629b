import type { ActorRecord } from "../protocol/actor.ts";
import type { ClusterEvent } from "../protocol/gcs.ts";
import type { NodeRecord } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import type { KvEntry, TableMutation } from "./mutation.ts";

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
 * S1 Every write carries the epoch of its writer's lease. The store itself refuses one that is not of
 *    the newest, unreleased lease with `stale_epoch`; a refused write changes nothing.
 * S2 A write's promise resolves only once the change is durable (as durable as the backend is).
 * S3 Writes take effect in the order of the calls; each is atomic, however many mutations it has.
 * S4 Epochs rise with every claim, also across restarts and, being a wall clock in ms that never goes
 *    back, also where the backend has lost its data.
 * S5 An expired lease that nobody else has claimed stays valid and may be renewed.
 * S6 A backend that is away for a while (a server that is down, slow, read-only, full) rejects with
 *    `unavailable` and says why; the same call may be repeated. Whether a rejected write took effect is then
 *    unknown: repeating it is harmless.
 * S7 A backend that finds its data gone, or older than what it has acknowledged, rejects writes and renewals with
 *    `data_loss` until the lease is claimed anew; the writer then writes everything, beginning with `reset`.
 * S8 A live leader comes first where it could not renew: after an absence, or when the lease's record has
 *    vanished, the store itself refuses the lease for two TTLs to a process that saw somebody else hold it.
 *
 * Records and bytes belong to the store once handed over: nobody changes them afterwards. A backend whose
 * failure is final (a broken disk) rejects everything that follows with `unavailable` and the first failure as
 * cause; its owner starts anew.
 */
export interface ControlStore {
  /** Takes the lease when it is free, expired or released. The same holder may claim again: a new epoch. */
  claimLease(holder: string, ttlMs: number): Promise<LeaseClaim>;
  /** Prolongs the lease; `stale_epoch` when it has passed to somebody else or was released. */
  renewLease(term: LeaseTerm, ttlMs: number): Promise<void>;
  /** Gives the lease back, so that the next claim need not wait. Nothing is written with this epoch any more. */
  releaseLease(term: LeaseTerm): Promise<void>;

  /** One atomic step, in the order of the list. Keeps the newest `storeLimits.eventsMax` events. */
  write(epoch: number, mutations: readonly TableMutation[]): Promise<void>;

  /** Everything, after all mutations before this call. */
  load(): Promise<StoredTables>;
  /** Finishes what is under way and lets go of files and connections. Later calls fail with `unavailable`. */
  close(): Promise<void>;
}
