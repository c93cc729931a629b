import { autoscalerLimits } from "./limits.ts";
import { currentReplicas, planNodes } from "./plan-nodes.ts";
import type { GroupScale, GroupState, Removal, ScaleDecision, ScaleInput, Unit } from "./scale-input.ts";

/**
 * How many replicas each group should have, and who leaves. S1: never below `minReplicas` nor above `maxReplicas`.
 * S2: nobody leaves for being idle who has an actor, who a demand would go to, or who has been needed within the idle
 * time-out. S3: a group does not grow and shrink in one decision. S4: where nothing has to change, nothing is said.
 */
export const decideScale = (input: ScaleInput): ScaleDecision => {
  const { groups, nowMs, knownSinceMs } = input;
  const plan = planNodes(input);
  const idleSinceMs = new Map<string, number>();
  for (const { units } of groups)
    for (const unit of units) {
      if (isBusy(unit) || plan.wanted.has(unit)) continue;
      idleSinceMs.set(unit.id, Math.max(input.idleSinceMs.get(unit.id) ?? nowMs, knownSinceMs));
    }
  const idleMs = (unit: Unit): number => nowMs - (idleSinceMs.get(unit.id) ?? nowMs);
  const scales = groups.map((group): GroupScale => {
    const added = plan.added.get(group.name) ?? 0;
    const removed = added > 0 || !group.settled ? [] : removals(group, idleSinceMs, idleMs);
    return { name: group.name, current: currentReplicas(group), added, removed };
  });
  return {
    groups: scales.filter(({ added, removed }) => added > 0 || removed.length > 0),
    idleSinceMs,
    unmet: plan.unmet,
    wakeMs: wakeMs(groups, idleSinceMs, idleMs),
  };
};

/** What `replicas` becomes once these removals are under way. */
export const replicasAfter = (group: GroupState, { current, added }: GroupScale, removed: number): number => {
  const wanted = added > 0 ? current + added : Math.min(group.replicas, current - removed);
  return Math.min(Math.max(wanted, group.minReplicas), group.maxReplicas);
};

/** One that somebody drains is on its way already. */
const isBusy = ({ nodes }: Unit): boolean => nodes.some(({ actors, draining }) => actors > 0 || draining);

/** How long a unit must have been of no use. */
const timeoutMs = (group: GroupState, { nodes }: Unit): number =>
  nodes.length >= group.hosts
    ? group.idleTimeoutMs
    : Math.max(group.idleTimeoutMs, autoscalerLimits.unregisteredIdleMs);

const removals = (
  group: GroupState,
  idleSinceMs: ReadonlyMap<string, number>,
  idleMs: (unit: Unit) => number,
): Removal[] => {
  const surplus = Math.max(0, group.units.length - group.maxReplicas);
  const spare = group.units.length - group.minReplicas;
  const removed: Removal[] = [];
  const ordered = group.units
    .filter((unit) => !unit.nodes.some(({ draining }) => draining))
    .toSorted((left, right) => cost(left) - cost(right) || idleMs(right) - idleMs(left));
  for (const [index, unit] of ordered.entries()) {
    if (removed.length >= Math.min(spare, autoscalerLimits.removedPerPass)) break;
    const isDue = idleSinceMs.has(unit.id) && idleMs(unit) >= timeoutMs(group, unit);
    if (index < surplus) removed.push({ unit, why: "surplus" });
    else if (isDue) removed.push({ unit, why: "idle" });
  }
  return removed;
};

/** What its end costs: one that has not come up yet nothing, an idle one little. */
const cost = ({ nodes }: Unit): number => nodes.reduce((sum, { actors }) => sum + 1 + actors, 0);

/** Until the next one may have been idle for long enough, where its group could spare it. */
const wakeMs = (
  groups: readonly GroupState[],
  idleSinceMs: ReadonlyMap<string, number>,
  idleMs: (unit: Unit) => number,
): number | undefined => {
  const waits = groups.flatMap((group) => {
    if (group.units.length <= group.minReplicas) return [];
    const idle = group.units.filter((unit) => idleSinceMs.has(unit.id));
    // Whose time has come and who is here still could not be spared: the next answer of the head may change that.
    return idle.map((unit) => timeoutMs(group, unit) - idleMs(unit)).filter((waitMs) => waitMs > 0);
  });
  return waits.length === 0 ? undefined : Math.min(...waits);
};
