import { clusterConditions, clusterReasons } from "../../api/conditions.ts";
import { conditionIsTrue, type Verdict } from "../conditions.ts";
import type { ObservedCluster } from "../observed-cluster.ts";

/**
 * The next step of a suspension (reference, section 2.12): asked for, under way, done, taken back. Under way is never
 * broken off: a cluster half gone is no cluster.
 */
export const suspendVerdicts = ({ cluster, pods }: ObservedCluster): Verdict[] => {
  const { suspending, suspended } = clusterConditions;
  const { conditions } = cluster.status ?? {};
  if (conditionIsTrue(conditions, suspending)) {
    if (pods.length > 0) return [];
    return [
      {
        type: clusterConditions.provisioned,
        status: "False",
        reason: clusterReasons.podsProvisioning,
        message: "RayCluster has been suspended",
      },
      verdict(suspending, false),
      verdict(suspended, true),
    ];
  }
  if (conditionIsTrue(conditions, suspended)) return cluster.spec.suspend === true ? [] : [verdict(suspended, false)];
  return cluster.spec.suspend === true ? [verdict(suspending, true)] : [];
};

const verdict = (type: string, isTrue: boolean): Verdict => ({
  type,
  status: isTrue ? "True" : "False",
  reason: type,
  message: "",
});
