import type { ActorId, NodeId } from "../../base/ids.ts";
import type { Placement, Resources } from "../../protocol/actor.ts";
import { addResources } from "./resources.ts";

/** A node that is alive, as placement sees it. */
export interface PlacementNode {
  readonly nodeId: NodeId;
  /** What people call it. */
  readonly label: string;
  readonly isHead: boolean;
  readonly draining: boolean;
  /** Its agent can be told something now. */
  readonly reachable: boolean;
  readonly resources: Resources;
}

/** An actor that has a node: it runs there or starts. */
export interface PlacedActor {
  readonly nodeId: NodeId;
  readonly resources: Resources;
  readonly group: string | undefined;
}

/** An actor that needs one. */
export interface PendingActor {
  readonly actorId: ActorId;
  readonly resources: Resources;
  readonly placement: Placement;
  /** It lived before: where it is pinned to, it comes back though the node drains. */
  readonly restarting: boolean;
  /** A node that refused it lately: taken only if there is no other. */
  readonly avoid: NodeId | undefined;
}

/** Where each pending actor goes, or why it goes nowhere yet. */
export interface PlacementPlan {
  readonly assignments: ReadonlyMap<ActorId, NodeId>;
  readonly reasons: ReadonlyMap<ActorId, string>;
}

/** A node with what placement has put on it so far. */
export interface NodeLoad {
  readonly node: PlacementNode;
  readonly used: Record<string, number>;
  readonly groups: Map<string, number>;
  actors: number;
}

/** Puts one more actor on the node. */
export const take = (load: NodeLoad, resources: Resources, group: string | undefined): void => {
  addResources(load.used, resources);
  load.actors += 1;
  if (group !== undefined) load.groups.set(group, groupCount(load, group) + 1);
};

/** Actors of the group on the node. */
export const groupCount = (load: NodeLoad, group: string | undefined): number =>
  group === undefined ? 0 : (load.groups.get(group) ?? 0);
