import type { Amounts, Demand, NodeLoad } from "./head-load.ts";

/** A replica of a worker group as it is: one pod, or those of several hosts. */
export interface Unit {
  /** Names it for as long as it is there. */
  readonly id: string;
  readonly podNames: readonly string[];
  /** Those of its hosts that the head knows. */
  readonly nodes: readonly NodeLoad[];
}

/** A worker group and what there is of it. */
export interface GroupState {
  readonly name: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Asked for, within both. */
  readonly replicas: number;
  /** Pods a replica. */
  readonly hosts: number;
  /** Groups of a higher one are taken first. */
  readonly priority: number;
  readonly idleTimeoutMs: number;
  /** What one pod has. */
  readonly capacity: Amounts;
  /** Without those on their way out. */
  readonly units: readonly Unit[];
  /** False while its pods are being exchanged: there are more than asked for then, and all are needed. */
  readonly settled: boolean;
}

/** All that a decision goes by. */
export interface ScaleInput {
  readonly groups: readonly GroupState[];
  /** Nodes that belong to no group, such as heads: they take actors too. */
  readonly otherNodes: readonly NodeLoad[];
  readonly demands: readonly Demand[];
  /** Since when nobody needs a unit, by its id: what the last decision said. */
  readonly idleSinceMs: ReadonlyMap<string, number>;
  /** Before this nothing is known of who was idle. */
  readonly knownSinceMs: number;
  /** `upscalingMode: Conservative`. */
  readonly conservative: boolean;
  readonly nowMs: number;
}

/** What should become of a group. */
export interface GroupScale {
  readonly name: string;
  /** Replicas there are or that are coming, before this. */
  readonly current: number;
  readonly added: number;
  /** Those to let go, and why. */
  readonly removed: readonly Removal[];
}

/** A replica that should leave. */
export interface Removal {
  readonly unit: Unit;
  /** `idle`: only while it is; `surplus`: there are more than `maxReplicas`. */
  readonly why: "idle" | "surplus";
}

/** A decision. */
export interface ScaleDecision {
  /** Only groups that change. */
  readonly groups: readonly GroupScale[];
  readonly idleSinceMs: ReadonlyMap<string, number>;
  /** What no group can take, or not yet. */
  readonly unmet: readonly Demand[];
  /** Look again after this, though nothing else happens. */
  readonly wakeMs: number | undefined;
}
