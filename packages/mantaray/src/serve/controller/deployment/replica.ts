import type { NodeId } from "../../../base/ids.ts";
import { type Random, randomBelow } from "../../../base/random.ts";
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

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
const prefix = "SERVE_REPLICA::";

/** Name of a new replica's actor. */
export const newReplicaName = (app: string, deployment: string, random: Random): string => {
  const suffix = Array.from({ length: 8 }, () => alphabet[randomBelow(random, alphabet.length)]).join("");
  return `${prefix}${app}#${deployment}#${suffix}`;
};

/** Takes the name of a replica's actor apart; undefined for any other name. */
export const parseReplicaName = (
  name: string,
): { readonly app: string; readonly deployment: string; readonly suffix: string } | undefined => {
  if (!name.startsWith(prefix)) return undefined;
  const [app, deployment, suffix, ...rest] = name.slice(prefix.length).split("#");
  if (app === undefined || deployment === undefined || suffix === undefined || rest.length > 0) return undefined;
  return { app, deployment, suffix };
};

/** Class of a replica's actor, as the State API shows it. */
export const replicaClassName = (deployment: string): string => `ServeReplica:${deployment}`;
