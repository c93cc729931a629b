import { parseQuantity } from "../quantity.ts";
import type { ContainerSpec, Pod } from "../types.ts";

/** Amounts by resource name; CPU in cores, memory in bytes. */
export type Amounts = Readonly<Record<string, number>>;

/**
 * What a pod asks of a node: the sum of its containers and sidecars, or its largest init container where that is more,
 * and one pod. https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
export const podRequests = (pod: Pod): Amounts => {
  const inits = pod.spec.initContainers ?? [];
  const running = [...pod.spec.containers, ...inits.filter((init) => init.restartPolicy === "Always")];
  const total: Record<string, number> = { pods: 1 };
  for (const container of running)
    for (const [name, amount] of Object.entries(containerRequests(container)))
      total[name] = (total[name] ?? 0) + amount;
  for (const init of inits)
    for (const [name, amount] of Object.entries(containerRequests(init)))
      total[name] = Math.max(total[name] ?? 0, amount);
  return total;
};

/** A limit is a request where none is given. */
export const containerRequests = (container: ContainerSpec): Amounts =>
  amountsOf({ ...container.resources?.limits, ...container.resources?.requests });

const amountsOf = (quantities: Readonly<Record<string, string>>): Amounts =>
  Object.fromEntries(Object.entries(quantities).map(([name, text]) => [name, parseQuantity(text)]));

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export const qosClass = (pod: Pod): "Guaranteed" | "Burstable" | "BestEffort" => {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const kinds = ["cpu", "memory"] as const;
  const named = containers.flatMap((container) => [container.resources?.requests, container.resources?.limits]);
  if (!named.some((amounts) => kinds.some((kind) => amounts?.[kind] !== undefined))) return "BestEffort";
  const guaranteed = containers.every(({ resources }) =>
    kinds.every((kind) => {
      const limit = resources?.limits?.[kind];
      const request = resources?.requests?.[kind] ?? limit;
      return limit !== undefined && request !== undefined && parseQuantity(limit) === parseQuantity(request);
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
};
