import type { NodeId } from "../../base/ids.ts";
import type { ActorRecord, Resources } from "../../protocol/actor.ts";
import type { NodeRecord } from "../../protocol/node.ts";

/** Actors that wait for a node and may live on any: what another node would be added for. */
export interface Demand {
  readonly resources: Resources;
  /** At most so many of `group` live on one node; absent: any number. */
  readonly group?: string;
  readonly groupPerNodeMax?: number;
  /** How many actors ask for exactly this. */
  readonly count: number;
}

/** A living node and what it does. */
export interface NodeLoad {
  readonly nodeId: NodeId;
  readonly ip: string;
  readonly name: string;
  readonly isHead: boolean;
  readonly state: "ALIVE";
  readonly draining: boolean;
  readonly resources: Resources;
  readonly used: Resources;
  /** Actors that live or start there; proxies are none, every node has one. 0: the node is idle. */
  readonly actors: number;
  /** Of `actors`, by the groups that a demand limits. */
  readonly groups: Readonly<Record<string, number>>;
}

/** What waits for a node. Actors that are bound to a node or to the head are none: another node would not help them. */
export const demandsOf = (actors: readonly ActorRecord[]): readonly Demand[] => {
  const counts = new Map<string, Demand>();
  for (const { state, nodeId, spec, stopRequested } of actors) {
    const { resources, placement } = spec;
    const isBound = placement.nodeId !== undefined || placement.onHead;
    if (state === "DEAD" || nodeId !== null || stopRequested !== undefined || isBound) continue;
    const { group, groupPerNodeMax } = placement;
    const limit = group === undefined || groupPerNodeMax === undefined ? {} : { group, groupPerNodeMax };
    const amounts = Object.entries(resources).toSorted(([left], [right]) => (left < right ? -1 : 1));
    const key = JSON.stringify([amounts, limit]);
    counts.set(key, { resources, ...limit, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
};

/** The living nodes. `usage`: resources in use, by node id. */
export const nodeLoads = (
  nodes: readonly NodeRecord[],
  actors: readonly ActorRecord[],
  usage: Readonly<Record<string, Resources>>,
): readonly NodeLoad[] => {
  const limited = new Set(demandsOf(actors).flatMap(({ group }) => group ?? []));
  const counts = new Map<string, number>();
  const groups = new Map<string, Record<string, number>>();
  for (const { state, nodeId, spec } of actors) {
    if (state === "DEAD" || nodeId === null || spec.entry.module === "serve-proxy") continue;
    counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
    const { group } = spec.placement;
    if (group === undefined || !limited.has(group)) continue;
    const ofNode = groups.get(nodeId) ?? {};
    groups.set(nodeId, { ...ofNode, [group]: (ofNode[group] ?? 0) + 1 });
  }
  return nodes.flatMap(({ nodeId, ip, name, isHead, state, draining, resources }) => {
    if (state !== "ALIVE") return [];
    const load = { used: usage[nodeId] ?? {}, actors: counts.get(nodeId) ?? 0, groups: groups.get(nodeId) ?? {} };
    return [{ nodeId, ip, name, isHead, state, draining, resources, ...load }];
  });
};
