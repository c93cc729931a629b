import type { Condition } from "../api/schema-parts.ts";

/** What a condition says now; its times and generation are filled in where it is written. */
export type Verdict = Pick<Condition, "type" | "status" | "reason" | "message">;

/** Whether a condition is there and True. */
export const conditionIsTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  (conditions ?? []).some((condition) => condition.type === type && condition.status === "True");

/** The list with one condition set; its transition time changes only with its status. */
export const withCondition = (
  conditions: readonly Condition[],
  verdict: Verdict,
  now: string,
  observedGeneration: number | undefined,
): Condition[] => {
  const former = conditions.find(({ type }) => type === verdict.type);
  const kept = former?.status === verdict.status;
  const condition: Condition = {
    ...verdict,
    lastTransitionTime: kept ? former.lastTransitionTime : now,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
  };
  if (former === undefined) return [...conditions, condition];
  // Said already, for an older generation: no reason to write.
  const same = kept && former.reason === verdict.reason && former.message === verdict.message;
  return conditions.map((it) => (it === former ? (same ? former : condition) : it));
};

/** The list without one. */
export const withoutCondition = (conditions: readonly Condition[], type: string): Condition[] =>
  conditions.filter((condition) => condition.type !== type);
