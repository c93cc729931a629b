/** A pod, or the pods of one replica with several hosts, as a rolling update sees them. */
export interface RollUnit<Item> {
  readonly item: Item;
  readonly revision: string | undefined;
  /** Does its work (see `isAvailable`). */
  readonly available: boolean;
}

/** What is to become of a group. */
export interface RollGoal {
  readonly revision: string;
  /** Units wanted. */
  readonly desired: number;
  /** Units beyond that while they are exchanged; default 1. With 0 the old goes before the new comes. */
  readonly maxSurge?: number;
  /** Units on their way out that still hold their machine's resources. */
  readonly leaving: number;
}

/** The next step. */
export interface RollStep<Item> {
  /** New units of the wanted revision. */
  readonly create: number;
  readonly remove: readonly Item[];
  /** All units are of the wanted revision. */
  readonly done: boolean;
}

/**
 * The next step of a rolling update; `units` without those on their way out, the ones to keep first. R1: at most
 * `desired + maxSurge` units hold resources at any time, those that leave included. R2: an available unit goes only while
 * `desired` others are available (with `maxSurge` 0: one fewer). R3: what is of an old revision and not available goes at once: it gives nothing.
 * A revision whose units never become available stops the update after `maxSurge` of them.
 */
export const rollPods = <Item>(units: readonly RollUnit<Item>[], goal: RollGoal): RollStep<Item> => {
  const { desired, maxSurge = 1 } = goal;
  const wanted = units.filter(({ revision }) => revision === goal.revision);
  const fresh = [...wanted.filter(({ available }) => available), ...wanted.filter(({ available }) => !available)];
  const stale = units.filter(({ revision }) => revision !== goal.revision);
  const dead = stale.filter(({ available }) => !available); // R3
  const old = stale.filter(({ available }) => available);
  const availableCount = old.length + fresh.filter(({ available }) => available).length;
  const floor = maxSurge === 0 ? desired - 1 : desired;
  const spare = Math.max(0, availableCount - Math.max(0, floor)); // R2
  const surplusFresh = Math.max(0, fresh.length - desired);
  const removedOld = old.toReversed().slice(0, spare);
  const remove = [...dead, ...removedOld, ...fresh.slice(fresh.length - surplusFresh)];
  const room = desired + maxSurge - units.length - goal.leaving; // R1
  const create = Math.max(0, Math.min(desired - fresh.length, room));
  return { create, remove: remove.map(({ item }) => item), done: stale.length === 0 };
};
