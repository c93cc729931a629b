import type { Pod } from "../../kubelet/types.ts";
import { conditionOf } from "./conditions.ts";

/** It has not ended and is not asked to. */
export const isActive = (pod: Pod): boolean =>
  pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed" && pod.metadata.deletionTimestamp === undefined;

/** Its Ready condition holds. */
export const isReady = (pod: Pod): boolean => conditionOf(pod.status?.conditions, "Ready")?.status === "True";

/** In how many ms it will be available: ready for `minReadySeconds`. 0: it is; undefined: not ready. */
export const availableInMs = (pod: Pod, minReadySeconds: number, wallMs: number): number | undefined => {
  if (!isReady(pod)) return undefined;
  const since = Date.parse(conditionOf(pod.status?.conditions, "Ready")?.lastTransitionTime ?? "");
  if (minReadySeconds === 0 || Number.isNaN(since)) return 0;
  return Math.max(0, since + minReadySeconds * 1_000 - wallMs);
};
