import type { Amounts, Demand, NodeLoad } from "./head-load.ts";

/** Sums of fractions drift: what is this little over still fits. */
const epsilon = 1e-6;

/** A node, there or planned, while demands are put into it. */
export interface Bin {
  readonly capacity: Amounts;
  readonly used: Record<string, number>;
  readonly groups: Record<string, number>;
  /** How many actors a decision has put here. */
  taken: number;
}

/** A planned node. */
export const emptyBin = (capacity: Amounts): Bin => ({ capacity, used: {}, groups: {}, taken: 0 });

/** A node that is there. */
export const binOf = ({ resources, used, groups }: NodeLoad): Bin => ({
  capacity: resources,
  used: { ...used },
  groups: { ...groups },
  taken: 0,
});

/** How many actors of a demand fit; infinity for those that need nothing. */
export const roomFor = ({ resources, group, groupPerNodeMax = Infinity }: Demand, bin: Bin): number => {
  let room = group === undefined ? Infinity : Math.max(0, groupPerNodeMax - (bin.groups[group] ?? 0));
  for (const [name, amount] of Object.entries(resources)) {
    if (amount <= epsilon) continue;
    const free = (bin.capacity[name] ?? 0) - (bin.used[name] ?? 0);
    room = Math.min(room, Math.max(0, Math.floor((free + epsilon) / amount)));
  }
  return room;
};

/** Puts as many of `count` actors into the bins, in their order, as fit. How many are left. */
export const fill = (demand: Demand, count: number, bins: readonly Bin[]): number => {
  let left = count;
  for (const bin of bins) {
    if (left === 0) return 0;
    const taken = Math.min(left, roomFor(demand, bin));
    if (taken === 0) continue;
    left -= taken;
    bin.taken += taken;
    const { group } = demand;
    if (group !== undefined) bin.groups[group] = (bin.groups[group] ?? 0) + taken;
    for (const [name, amount] of Object.entries(demand.resources))
      bin.used[name] = (bin.used[name] ?? 0) + amount * taken;
  }
  return left;
};
