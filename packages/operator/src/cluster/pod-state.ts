import type { ContainerStatus, Pod } from "kubernetes-types/core/v1.d.ts";
import { labels, labelValues } from "../api/names.ts";
import type { Stored } from "../kube/objects.ts";
import { clusterLimits } from "./limits.ts";

type StoredPod = Stored<Pod>;

/** Whether it is a head or a worker. */
export const isHead = (pod: StoredPod): boolean => pod.metadata.labels?.[labels.nodeType] === labelValues.head;
export const isWorker = (pod: StoredPod): boolean => pod.metadata.labels?.[labels.nodeType] === labelValues.worker;
/** Whether it is a head that was started to follow; one of another operator has no such label, and is none. */
export const isStandby = (pod: StoredPod): boolean => pod.metadata.labels?.[labels.headRole] === labelValues.standby;

/** Whether it is on its way out: it counts for nothing any more. */
export const isTerminating = (pod: StoredPod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** How long a terminating pod may still take before it counts as gone: its node is away, or something holds it; 0: it does. */
export const overdueInMs = (pod: StoredPod, nowMs: number): number => {
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp === undefined) return Number.POSITIVE_INFINITY;
  // The time stamp is the end of the grace period.
  return Math.max(0, Date.parse(deletionTimestamp) + clusterLimits.overduePodMs - nowMs);
};

/** Status of the Ray container: the first of the pod's list. */
export const rayStatus = (pod: Pod): ContainerStatus | undefined => {
  const name = pod.spec?.containers[0]?.name;
  const statuses = pod.status?.containerStatuses ?? [];
  return statuses.find((status) => status.name === name) ?? (name === undefined ? statuses[0] : undefined);
};

/** Why a pod has to be replaced (reference, section 2.11); undefined: its kubelet looks after it. */
export const failureOf = (pod: Pod): string | undefined => {
  const phase = pod.status?.phase;
  if (phase === "Failed" || phase === "Succeeded") {
    const why = [pod.status?.reason, pod.status?.message]
      .filter((text) => text !== undefined && text !== "")
      .join(": ");
    return `it has ${phase === "Failed" ? "failed" : "ended"}${why === "" ? "" : ` (${why})`}`;
  }
  if (phase !== "Running" || pod.spec?.restartPolicy !== "Never") return undefined;
  const ended = rayStatus(pod)?.state?.terminated;
  return ended === undefined
    ? undefined
    : `its Ray container has ended with code ${ended.exitCode} and may not restart`;
};

/** Whether its condition Ready is True. */
export const isReady = (pod: Pod): boolean =>
  (pod.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");

/** Whether it runs. */
export const isRunning = (pod: Pod): boolean => pod.status?.phase === "Running";

/** How long its Ray container has run and passed its start-up probe, in ms; undefined: it has not. */
export const upMs = (pod: Pod, nowMs: number): number | undefined => {
  const status = rayStatus(pod);
  const since = status?.state?.running?.startedAt;
  if (!isRunning(pod) || status?.started === false || since === undefined) return undefined;
  return nowMs - Date.parse(since);
};

/**
 * Whether it can do a pod's work: Ready, or up for a while. A worker's proxy is Ready only once it has a replica, which
 * it may get only after another pod has left.
 */
export const isAvailable = (pod: Pod, nowMs: number): boolean =>
  isReady(pod) || (upMs(pod, nowMs) ?? 0) >= clusterLimits.availableAfterMs;

/** Those to keep first: ready, then running, then old ones. */
export const byWorth = (left: StoredPod, right: StoredPod): number =>
  worth(right) - worth(left) ||
  left.metadata.creationTimestamp.localeCompare(right.metadata.creationTimestamp) ||
  left.metadata.name.localeCompare(right.metadata.name);

const worth = (pod: StoredPod): number => {
  if (isReady(pod)) return 3;
  if (isRunning(pod)) return 2;
  return pod.spec?.nodeName === undefined ? 0 : 1;
};
