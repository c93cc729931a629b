import { type Bin, binOf, emptyBin, fill, roomFor } from "./bin.ts";
import type { Amounts, Demand } from "./head-load.ts";
import { autoscalerLimits } from "./limits.ts";
import type { GroupState, ScaleInput, Unit } from "./scale-input.ts";

/** Where demands would go. */
export interface NodePlan {
  /** Replicas that each group needs beside those that it has, by its name. */
  readonly added: ReadonlyMap<string, number>;
  /** Units that demands have been put into. */
  readonly wanted: ReadonlySet<Unit>;
  readonly unmet: readonly Demand[];
}

/** A group while replicas are added to it. */
interface Growth {
  readonly group: GroupState;
  /** Up to `maxReplicas`, and as many as may start at once. */
  room: number;
  added: number;
}

/** Puts demands into nodes that are there, then into those that are coming, then into new ones of the cheapest group. */
export const planNodes = (input: ScaleInput): NodePlan => {
  const { groups, otherNodes, demands, conservative } = input;
  const byUnit = new Map(groups.flatMap((group) => group.units.map((unit) => [unit, binsOf(group, unit)] as const)));
  const coming = groups.flatMap((group) => plannedBins(group, missingReplicas(group)));
  const present = [...otherNodes.filter(({ draining }) => !draining).map(binOf), ...[...byUnit.values()].flat()];
  const bins = [...present, ...coming];
  const growths = groups.map((group): Growth => ({ group, room: roomToGrow(group, conservative), added: 0 }));
  const unmet: Demand[] = [];
  for (const demand of demands.toSorted(byNeed)) {
    const left = grow(demand, fill(demand, demand.count, bins), growths, bins);
    if (left > 0) unmet.push({ ...demand, count: left });
  }
  return {
    added: new Map(growths.map(({ group, added }) => [group.name, added])),
    wanted: new Set([...byUnit].flatMap(([unit, own]) => (own.some(({ taken }) => taken > 0) ? [unit] : []))),
    unmet,
  };
};

/** How many there are or will be without another decision. */
export const currentReplicas = ({ replicas, units, settled }: GroupState): number =>
  settled ? Math.max(replicas, units.length) : replicas;

const missingReplicas = (group: GroupState): number => Math.max(0, currentReplicas(group) - group.units.length);

/** Hosts that the head does not know yet will come with what their group has. */
const binsOf = (group: GroupState, { nodes }: Unit): Bin[] => [
  ...nodes.filter(({ draining }) => !draining).map(binOf),
  ...Array.from({ length: Math.max(0, group.hosts - nodes.length) }, () => emptyBin(group.capacity)),
];

const plannedBins = (group: GroupState, replicas: number): Bin[] =>
  Array.from({ length: replicas * group.hosts }, () => emptyBin(group.capacity));

const roomToGrow = (group: GroupState, conservative: boolean): number => {
  const current = currentReplicas(group);
  const room = Math.min(group.maxReplicas - current, autoscalerLimits.addedPerPass);
  if (!conservative) return Math.max(0, room);
  const running = group.units.filter(({ nodes }) => nodes.length >= group.hosts).length;
  const starting = current - running;
  return Math.max(0, Math.min(room, Math.max(autoscalerLimits.conservativeMin, running) - starting));
};

/** Adds replicas until the demand has a place. How many actors have none. */
const grow = (demand: Demand, count: number, growths: readonly Growth[], bins: Bin[]): number => {
  const fitting = growths
    .filter(({ group }) => group.hosts > 0 && roomFor(demand, emptyBin(group.capacity)) > 0)
    .toSorted((left, right) => byCost(demand, left.group, right.group));
  let left = count;
  for (const growth of fitting) {
    while (left > 0 && growth.room > 0) {
      growth.room -= 1;
      growth.added += 1;
      const fresh = plannedBins(growth.group, 1);
      bins.push(...fresh);
      left = fill(demand, left, fresh);
    }
  }
  return left;
};

/** Of groups that all fit: by priority, then what leaves special resources alone, then the smallest; else in the spec's order. */
const byCost = (demand: Demand, left: GroupState, right: GroupState): number =>
  right.priority - left.priority ||
  unneeded(demand, left) - unneeded(demand, right) ||
  totalOf(left, "CPU") - totalOf(right, "CPU") ||
  totalOf(left, "memory") - totalOf(right, "memory");

const totalOf = ({ capacity, hosts }: GroupState, name: string): number => (capacity[name] ?? 0) * hosts;

/** Special resources of a group that the demand would leave unused: a GPU's machine is not for CPUs. */
const unneeded = ({ resources }: Demand, { capacity }: GroupState): number =>
  special(capacity).filter((name) => (resources[name] ?? 0) === 0).length;

const special = (amounts: Amounts): string[] =>
  Object.entries(amounts).flatMap(([name, amount]) => (amount > 0 && !ordinary.has(name) ? [name] : []));

const ordinary: ReadonlySet<string> = new Set(["CPU", "memory", "object_store_memory"]);

/** What is hard to place first: with special resources, then large ones. */
const byNeed = (left: Demand, right: Demand): number =>
  special(right.resources).length - special(left.resources).length ||
  (right.resources.CPU ?? 0) - (left.resources.CPU ?? 0) ||
  (right.resources.memory ?? 0) - (left.resources.memory ?? 0);
