import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../../api/names.ts";
import type { WorkerGroupSpec } from "../../api/ray-cluster-spec.ts";
import type { Stored } from "../../kube/objects.ts";
import { byWorth, isAvailable } from "../pod-state.ts";

/** What a group is counted in: a pod, or the pods of several hosts that only work together. */
export interface Replica {
  /** Worth most first. */
  readonly pods: readonly Stored<Pod>[];
  /** Number in its group; -1: its pods say none. */
  readonly index: number;
  /** Of the template; undefined where its pods do not agree. */
  readonly revision: string | undefined;
  /** All its pods do their work. */
  readonly available: boolean;
}

/** A group's pods as replicas, those worth most first. */
export const replicasOf = (group: WorkerGroupSpec, pods: readonly Stored<Pod>[], nowMs: number): Replica[] => {
  const bundles = new Map<string, Stored<Pod>[]>();
  for (const pod of pods.toSorted(byWorth)) {
    const name = group.numOfHosts > 1 ? pod.metadata.labels?.[labels.replicaName] : undefined;
    const key = name ?? pod.metadata.uid;
    bundles.set(key, [...(bundles.get(key) ?? []), pod]);
  }
  const replicas = [...bundles.values()].map((bundle): Replica => {
    const revisions = new Set(bundle.map((pod) => pod.metadata.labels?.[labels.podRevision]));
    return {
      pods: bundle,
      index: indexOf(bundle[0]),
      revision: revisions.size === 1 ? [...revisions][0] : undefined,
      available: bundle.every((pod) => isAvailable(pod, nowMs)),
    };
  });
  return replicas.toSorted((left, right) => byWorth(worst(left), worst(right)));
};

/** Whether all hosts are there and no other. */
export const isWhole = (group: WorkerGroupSpec, replica: Replica): boolean =>
  replica.pods.length === Math.max(1, group.numOfHosts);

/** The lowest numbers that no replica has. */
export const freeIndexes = (replicas: readonly Replica[], count: number): number[] => {
  const taken = new Set(replicas.map(({ index }) => index));
  const free: number[] = [];
  for (let index = 0; free.length < count; index += 1) if (!taken.has(index)) free.push(index);
  return free;
};

const indexOf = (pod: Stored<Pod> | undefined): number => {
  const text = pod?.metadata.labels?.[labels.replicaIndex];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : -1;
};

/** A replica is worth what its last pod is. */
const worst = (replica: Replica): Stored<Pod> => replica.pods.at(-1) as Stored<Pod>;
