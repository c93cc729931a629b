import type { RequeueAction } from "../../kube/plan.ts";
import type { ClusterOptions } from "../cluster-options.ts";

/** What a decision depends on besides the cluster. */
export interface DecideContext {
  readonly options: ClusterOptions;
  /** Wall clock: it is compared with time stamps of the API server. */
  readonly nowMs: number;
  /** How long a group of expectations has to wait at most; 0: the caches show all that was written. */
  readonly waitMs: (group: string) => number;
}

/** Parts of a cluster that fail alone. */
export const scopes = {
  finalizer: "finalizer",
  /** All pods at once: suspension, recreation, deletion. */
  pods: "pods",
  head: "head",
  group: (name: string): string => `group:${name}`,
  object: (kind: string, name: string): string => `${kind}:${name}`,
} as const;

/** Come back after so long. */
export const requeue = (scope: string, afterMs: number): RequeueAction => ({
  kind: "requeue",
  scope,
  // Never at once: what is waited for takes time, and a loop would burn.
  afterMs: Math.max(afterMs, 1),
});
