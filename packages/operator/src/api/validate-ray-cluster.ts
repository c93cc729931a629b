import type { RayCluster } from "./ray-cluster.ts";
import { autoscalerRuleSets } from "./rules/autoscaler-rules.ts";
import { clusterRuleSets } from "./rules/cluster-rules.ts";
import { gcsRuleSets } from "./rules/gcs-rules.ts";
import { groupRuleSets } from "./rules/group-rules.ts";
import { clusterMetadataRules } from "./rules/metadata-rules.ts";
import { clusterNameRules } from "./rules/name-rules.ts";
import { type Problem, problemsOf, type RuleSet, ruleSet } from "./rules/rule.ts";

/** Rules about a RayCluster's spec, and about `rayClusterConfig` of a RayService. */
export const clusterSpecRuleSets: readonly RuleSet[] = [
  ...clusterRuleSets,
  ...groupRuleSets,
  ...gcsRuleSets,
  ...autoscalerRuleSets,
];

/** Rules about a RayCluster beside its spec: its name, labels and annotations. */
export const clusterObjectRuleSets: readonly RuleSet[] = [clusterNameRules, ruleSet([], clusterMetadataRules)];

/**
 * What is wrong with a RayCluster, in the words of the CRD's own rules: the API server may have had
 * an older CRD when it took the object, and its rules see no labels or annotations.
 */
export const validateRayCluster = (cluster: RayCluster): Problem[] => [
  ...problemsOf(clusterObjectRuleSets, cluster, ""),
  ...problemsOf(clusterSpecRuleSets, cluster.spec, "spec"),
];

/** One line for an event or a condition. */
export const describeProblem = ({ field, value, rule }: Problem): string => {
  const text = JSON.stringify(value) ?? "unset";
  return `${field}: ${rule}${text.length > 80 ? "" : ` (is ${text})`}`;
};
