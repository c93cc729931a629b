import type { Resources } from "../../protocol/actor.ts";

/** Sums of fractions drift: what is this little over still fits. */
const epsilon = 1e-6;

/** Whether `demand` fits beside `used` in `capacity`. A resource the node does not have is 0 of it. */
export const fits = (demand: Resources, used: Resources, capacity: Resources): boolean =>
  Object.entries(demand).every(
    ([name, amount]) => amount <= epsilon || amount + (used[name] ?? 0) <= (capacity[name] ?? 0) + epsilon,
  );

/** Adds `amounts` to `into`, in place. */
export const addResources = (into: Record<string, number>, amounts: Resources): void => {
  for (const [name, amount] of Object.entries(amounts)) into[name] = (into[name] ?? 0) + amount;
};

/** The fullest of the node's resources, 0 to 1. */
export const utilization = (used: Resources, capacity: Resources): number => {
  let highest = 0;
  for (const [name, amount] of Object.entries(used)) {
    const total = capacity[name] ?? 0;
    if (total > 0) highest = Math.max(highest, amount / total);
  }
  return highest;
};

/** `CPU: 2, GPU: 1`; amounts of nothing are left out. */
export const formatResources = (resources: Resources): string =>
  Object.entries(resources)
    .filter(([, amount]) => amount > 0)
    .map(([name, amount]) => `${name}: ${formatAmount(amount)}`)
    .join(", ");

/** Up to four decimals, without trailing zeros. */
export const formatAmount = (amount: number): string => String(Number(amount.toFixed(4)));
