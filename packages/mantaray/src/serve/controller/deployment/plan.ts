import type { NodeId } from "../../../base/ids.ts";

/** A replica as the decision sees it. */
export interface ReplicaView {
  readonly id: string;
  readonly version: string;
  /** Hash of the settings it runs with. */
  readonly settings: string;
  readonly phase: "STARTING" | "RUNNING" | "STOPPING";
  /** A change of settings is under way. */
  readonly reconfiguring: boolean;
  readonly nodeId: NodeId | null;
  /** Requests under way when it was last asked. */
  readonly ongoing: number;
  /** Since when the control store says it finds no place for it; null: placed, or not said. */
  readonly blockedSinceMs: number | null;
  /** It was started to move load to this node. */
  readonly movesTo: NodeId | null;
}

/** A node as the decision sees it. */
export interface NodeView {
  readonly id: NodeId;
  /** Drains: gets nothing new, and what it has moves away. */
  readonly draining: boolean;
  /** When what it has stops though nothing took its place; null: it waits. */
  readonly drainStopAtMs: number | null;
  /** The node as a whole has what one replica needs. */
  readonly fits: boolean;
}

/** Everything that the decision over one deployment depends on. */
export interface DeploymentView {
  readonly nowMs: number;
  /** Replicas wanted; 0 when it is being deleted. */
  readonly wanted: number;
  readonly version: string;
  readonly settings: string;
  /** Share of `wanted` that may run on top during a rollout. */
  readonly surgeShare: number;
  readonly replicasPerNodeMax: number | null;
  readonly replicas: readonly ReplicaView[];
  /** Nodes that are alive. */
  readonly nodes: readonly NodeView[];
  /** Starts wait until then: the back-off after failures. */
  readonly startAllowedAtMs: number;
  /** An old replica was stopped to make room and no new one has got a place since: do not do it again. */
  readonly makingRoomFailed: boolean;
  /** Since when nothing has changed; null: moving replicas about is not allowed now. */
  readonly quietSinceMs: number | null;
}

/** A stop: `force` without grace, for what never served. */
export interface StopAction {
  readonly id: string;
  readonly force: boolean;
  readonly reason: string;
}

/** What to do now. */
export interface DeploymentPlan {
  readonly starts: readonly { readonly movesTo: NodeId | null }[];
  readonly stops: readonly StopAction[];
  readonly reconfigures: readonly string[];
  /** An old replica goes first because a new one finds no place. */
  readonly makesRoom: boolean;
  /** So many stop because a drain's time is up that fewer serve than are wanted. */
  readonly undercuts: boolean;
  /** Everything wanted runs, and nothing else does. */
  readonly healthy: boolean;
  /** When to look again though nothing happens; null: no need. */
  readonly wakeAtMs: number | null;
}
