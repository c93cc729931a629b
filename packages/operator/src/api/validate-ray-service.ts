import type { RayService } from "./ray-service.ts";
import { clusterMetadataRules, serviceMetadataRules } from "./rules/metadata-rules.ts";
import { serviceNameRules } from "./rules/name-rules.ts";
import { type Problem, problemsOf, type RuleSet, ruleSet } from "./rules/rule.ts";
import { serviceRuleSets } from "./rules/service-rules.ts";
import { clusterSpecRuleSets } from "./validate-ray-cluster.ts";

/** Rules about a RayService's spec: its own, and those of the cluster in it. */
export const serviceSpecRuleSets: readonly RuleSet[] = [
  ...serviceRuleSets,
  ...clusterSpecRuleSets.map((set) => ({ ...set, path: ["rayClusterConfig", ...set.path] })),
];

/** Rules about a RayService beside its spec: its name, labels and annotations. */
export const serviceObjectRuleSets: readonly RuleSet[] = [serviceNameRules, ruleSet([], serviceMetadataRules)];

/** Its annotations go to its clusters, so a cluster's rules about annotations hold for it. */
const clusterProblems = (service: RayService): Problem[] =>
  problemsOf(
    [ruleSet([], clusterMetadataRules)],
    { metadata: service.metadata, spec: service.spec.rayClusterConfig },
    "",
  ).map((problem) => ({ ...problem, field: problem.field.replace(/^spec\./, "spec.rayClusterConfig.") }));

/** What is wrong with a RayService, in the words of the CRD's own rules. */
export const validateRayService = (service: RayService): Problem[] => [
  ...problemsOf(serviceObjectRuleSets, service, ""),
  ...clusterProblems(service),
  ...problemsOf(serviceSpecRuleSets, service.spec, "spec"),
];
