/**
 * Replicas of a deployment under `target_capacity` (percent; null: all of them): rounded half up, at
 * least one unless the deployment wants none (reference section 5.7).
 */
export const atCapacity = (replicas: number, targetCapacityPercent: number | null): number => {
  if (targetCapacityPercent === null || replicas === 0) return replicas;
  return Math.max(1, Math.floor((replicas * targetCapacityPercent) / 100 + 0.5));
};
