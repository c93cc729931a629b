import type { ReplicaSetObject } from "../objects/types.ts";

/** Sizes that a Deployment's ReplicaSets should have next, by uid; those that stay are absent. */
export type Sizes = ReadonlyMap<string, number>;

/** What a rolling update goes by. */
export interface RollingState {
  readonly replicas: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly current: ReplicaSetObject;
  /** Oldest first. */
  readonly others: readonly ReplicaSetObject[];
}

/**
 * One step of a rolling update: the new ReplicaSet grows while there are no more than `maxSurge` pods too many, the old
 * ones shrink while no more than `maxUnavailable` are missing; unready old pods go first.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */
export const nextSizes = (state: RollingState): Sizes => {
  const grown = sizeOfCurrent(state);
  // One thing a step: what follows from the growth is seen in the next state.
  if (grown !== sizeOf(state.current)) return new Map([[uidOf(state.current), grown]]);
  return sizesOfOthers(state);
};

const sizeOfCurrent = ({ replicas, maxSurge, current, others }: RollingState): number => {
  const size = sizeOf(current);
  if (size >= replicas) return replicas;
  const total = size + sum(others.map(sizeOf));
  const room = replicas + maxSurge - total;
  return room <= 0 ? size : Math.min(replicas, size + room);
};

const sizesOfOthers = ({ replicas, maxUnavailable, current, others }: RollingState): Sizes => {
  const sizes = new Map(others.map((set) => [uidOf(set), sizeOf(set)]));
  const total = sizeOf(current) + sum([...sizes.values()]);
  const minAvailable = replicas - maxUnavailable;
  const missing = sizeOf(current) - availableOf(current);
  let removable = total - minAvailable - missing;
  for (const set of others) {
    const unhealthy = Math.min(sizeOf(set), sizeOf(set) - availableOf(set));
    const removed = Math.max(0, Math.min(unhealthy, removable));
    sizes.set(uidOf(set), sizeOf(set) - removed);
    removable -= removed;
  }
  let surplus = Math.min(removable, sum([current, ...others].map(availableOf)) - minAvailable);
  for (const set of others) {
    const size = sizes.get(uidOf(set)) ?? 0;
    const removed = Math.max(0, Math.min(size, surplus));
    sizes.set(uidOf(set), size - removed);
    surplus -= removed;
  }
  return new Map([...sizes].filter(([uid, size]) => others.some((set) => uidOf(set) === uid && sizeOf(set) !== size)));
};

/** A count, or a share of `total`; rounds up for surge, down for unavailable. */
export const resolveCount = (value: unknown, total: number, round: (value: number) => number): number => {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(String(value))?.[1];
  return percent === undefined ? 0 : round((Number(percent) * total) / 100);
};

export const sizeOf = ({ spec }: ReplicaSetObject): number => spec.replicas ?? 1;
const availableOf = ({ status }: ReplicaSetObject): number => status?.availableReplicas ?? 0;
const uidOf = ({ metadata }: ReplicaSetObject): string => metadata.uid ?? "";
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
