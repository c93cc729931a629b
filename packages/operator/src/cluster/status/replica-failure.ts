import { clusterConditions, clusterReasons } from "../../api/conditions.ts";
import type { ScopeError } from "../../kube/plan.ts";
import type { Verdict } from "../conditions.ts";
import { scopes } from "../decide/decide-context.ts";
import { clusterLimits } from "../limits.ts";

/** Condition ReplicaFailure (reference, section 2.13): the gravest error of a pass about pods; undefined: there was none. */
export const replicaFailure = (errors: ReadonlyMap<string, ScopeError>): Verdict | undefined => {
  const reasons = [...errors.values()].map((error) => ({ error, reason: reasonOf(error) }));
  const first = order
    .map((wanted) => reasons.find(({ reason }) => reason === wanted))
    .find((found) => found !== undefined);
  if (first?.reason === undefined) return undefined;
  const message = first.error.error.message.slice(0, clusterLimits.conditionMessageMax);
  return { type: clusterConditions.replicaFailure, status: "True", reason: first.reason, message };
};

/** The gravest first. */
const order = [
  clusterReasons.failedDeleteAllPods,
  clusterReasons.failedDeleteHeadPod,
  clusterReasons.failedCreateHeadPod,
  clusterReasons.failedDeleteWorkerPod,
  clusterReasons.failedCreateWorkerPod,
] as const;

const reasonOf = ({ scope, action }: ScopeError): (typeof order)[number] | undefined => {
  const deletes = action.kind === "delete";
  if (scope === scopes.pods) return clusterReasons.failedDeleteAllPods;
  if (scope === scopes.head) return deletes ? clusterReasons.failedDeleteHeadPod : clusterReasons.failedCreateHeadPod;
  if (!scope.startsWith(scopes.group(""))) return undefined;
  return deletes ? clusterReasons.failedDeleteWorkerPod : clusterReasons.failedCreateWorkerPod;
};
