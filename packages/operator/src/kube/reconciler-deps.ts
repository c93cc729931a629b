import type { Logger } from "pino";
import type { ApplyPlanOptions } from "./apply-plan.ts";
import type { Caches } from "./caches.ts";
import type { Clock } from "./clock.ts";
import type { EventSink } from "./event-text.ts";
import type { Expectations } from "./expectations.ts";
import type { KubeApi } from "./kube-api.ts";

/** What every reconciler is made with. Its own options come beside this. */
export interface ReconcilerDeps {
  readonly api: KubeApi;
  readonly caches: Caches;
  readonly expectations: Expectations;
  readonly recorder: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Puts a key of a kind (`RayCluster`, `RayService`) into its queue, such as after something outside Kubernetes changed. */
  readonly enqueue: (kind: string, key: string) => void;
  /** For tests that let the operator die between two actions: hand it to `applyPlan`. */
  readonly onAction?: ApplyPlanOptions["onAction"];
}
