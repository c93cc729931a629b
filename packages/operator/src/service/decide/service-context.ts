import type { ClusterOptions } from "../../cluster/cluster-options.ts";
import type { EventAction, EventText } from "../../kube/event-text.ts";
import type { EventAction as EventStep, RequeueAction } from "../../kube/plan.ts";

/** What a decision depends on besides what is observed. */
export interface ServiceContext {
  readonly options: ClusterOptions;
  /** Wall clock: it is compared with time stamps that are kept in the API. */
  readonly nowMs: number;
  /** 0 to 1: for names of clusters. */
  readonly random: () => number;
  /** Since when each cluster could have taken over, by name. Forgotten with the process: it is a matter of seconds. */
  readonly readySinceMs: ReadonlyMap<string, number>;
}

/** Parts of a RayService that fail alone. */
export const scopes = {
  /** The choice of clusters with the status that records it: nothing is made or deleted which the status does not name. */
  clusters: "clusters",
  services: "services",
  gateway: "gateway",
  pod: (name: string): string => `pod:${name}`,
  config: (cluster: string): string => `config:${cluster}`,
} as const;

/** Time as the API writes it. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Come back after so long. */
export const requeue = (scope: string, afterMs: number): RequeueAction => ({
  kind: "requeue",
  scope,
  afterMs: Math.max(1, Math.ceil(afterMs)),
});

/** Words of an event that went well. */
export const normal = (reason: string, action: EventAction, note: string): EventText => ({
  type: "Normal",
  reason,
  action,
  note,
});

/** Words of one that did not. */
export const warning = (reason: string, action: EventAction, note: string): EventText => ({
  type: "Warning",
  reason,
  action,
  note,
});

/** Tells an event. */
export const tell = (scope: string, text: EventText): EventStep => ({ kind: "event", scope, text });
