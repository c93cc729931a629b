import type { Plan } from "../../kube/plan.ts";
import type { ServePut } from "./decide-apps.ts";

/** What is to be done about a RayService. */
export interface ServiceDecision {
  readonly plan: Plan;
  /** Configs to send, after the plan. */
  readonly puts: readonly ServePut[];
  /** Something changes: ask the heads more often. */
  readonly busy: boolean;
  /** For the next decision. */
  readonly readySinceMs: ReadonlyMap<string, number>;
}
