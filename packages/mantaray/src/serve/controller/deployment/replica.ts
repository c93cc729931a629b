import type { NodeId } from "../../../base/ids.ts";
import type { ActorRecord } from "../../../protocol/actor.ts";
import type { Revision } from "../state/target-state.ts";

/** Where a replica is in its life. A dead one is no more. */
export type ReplicaPhase = "STARTING" | "RUNNING" | "STOPPING";

/** One replica as the controller knows it. Owned and changed by its deployment's reconciler only. */
export interface Replica {
  /** Name of its actor: `SERVE_REPLICA::<app>#<deployment>#<suffix>`. */
  readonly id: string;
  readonly version: string;
  /** What it was started with; null for one that an earlier controller started. */
  readonly revision: Revision | null;
  /** Hash of the settings it runs with; empty when they are not known (adopted in the middle of a change). */
  settings: string;
  phase: ReplicaPhase;
  record: ActorRecord | null;
  readonly createdWallMs: number;
  runningSinceMs: number | null;
  reconfiguring: boolean;
  /** Taken over as it was found, or restarted in place by its node, and no health check has passed since. */
  recovering: boolean;
  /** Requests under way at its last health check. */
  ongoing: number;
  blockedSinceMs: number | null;
  readonly movesTo: NodeId | null;
  stop: { readonly force: boolean; readonly reason: string } | null;
  /** User config it runs with, where it is known. */
  userConfig: { readonly value: unknown } | null;
  /** A call about it is under way: at most one at a time. */
  busy: boolean;
  /** The control store may or may not have made the actor: the call broke. */
  uncertain: boolean;
  /** The control store has taken the order to remove it. */
  removalAsked: boolean;
  /** After a call that failed: not before. */
  retryAtMs: number;
  /** Calls that failed in a row. */
  failedCalls: number;
}

/** Class of a replica's actor, as the State API shows it. */
export const replicaClassName = (deployment: string): string => `ServeReplica:${deployment}`;
