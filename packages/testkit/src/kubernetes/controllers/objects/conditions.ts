/** A condition as most kinds have them. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
  lastProbeTime?: string;
}

/**
 * The list with this condition in it; `lastTransitionTime` changes only with the status. Times in the API's format.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties
 */
export const withCondition = <C extends Condition>(conditions: readonly C[] | undefined, next: C, now: string): C[] => {
  const before = conditions?.find(({ type }) => type === next.type);
  const lastTransitionTime = before?.status === next.status ? (before.lastTransitionTime ?? now) : now;
  const stamped = { ...next, lastTransitionTime };
  if (before === undefined) return [...(conditions ?? []), stamped];
  return (conditions ?? []).map((condition) => (condition === before ? stamped : condition));
};

/** Undefined: there is none of this type. */
export const conditionOf = <C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined =>
  conditions?.find((condition) => condition.type === type);
