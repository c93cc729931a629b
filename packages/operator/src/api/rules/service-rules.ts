import { managedByOperator } from "../names.ts";
import type { ClusterUpgradeOptions, RayServiceSpec } from "../ray-service-spec.ts";
import { type Rule, type RuleSet, ruleSet } from "./rule.ts";

const incremental = "NewClusterWithIncrementalUpgrade";
const isIncremental = (spec: RayServiceSpec): boolean => spec.upgradeStrategy?.type === incremental;
const celIncremental = `(has(self.upgradeStrategy) && has(self.upgradeStrategy.type) && self.upgradeStrategy.type == '${incremental}')`;

/** V16, from a RayService's spec. */
const specRules: readonly Rule<RayServiceSpec>[] = [
  {
    name: "V16",
    field: "rayClusterConfig.headGroupSpec.headService",
    message:
      "metadata.name of headService must not be set in a RayService: each of its clusters has a head Service of its own",
    cel: "!has(self.rayClusterConfig.headGroupSpec.headService) || !has(self.rayClusterConfig.headGroupSpec.headService.metadata) || !has(self.rayClusterConfig.headGroupSpec.headService.metadata.name) || self.rayClusterConfig.headGroupSpec.headService.metadata.name == ''",
    holds: (spec) => (spec.rayClusterConfig.headGroupSpec.headService?.metadata?.name ?? "") === "",
  },
  {
    name: "V16",
    field: "rayClusterConfig.upgradeStrategy",
    message: "rayClusterConfig.upgradeStrategy must not be set in a RayService: set upgradeStrategy of the RayService",
    cel: "!has(self.rayClusterConfig.upgradeStrategy) || !has(self.rayClusterConfig.upgradeStrategy.type)",
    holds: (spec) => spec.rayClusterConfig.upgradeStrategy?.type === undefined,
  },
  {
    name: "V16",
    field: "upgradeStrategy",
    message: `upgradeStrategy.clusterUpgradeOptions must be set for the type ${incremental}`,
    cel: `!${celIncremental} || has(self.upgradeStrategy.clusterUpgradeOptions)`,
    holds: (spec) => !isIncremental(spec) || spec.upgradeStrategy?.clusterUpgradeOptions !== undefined,
  },
  {
    name: "V16",
    field: "upgradeStrategy",
    message: `rayClusterConfig.enableInTreeAutoscaling must be true for the upgradeStrategy ${incremental}: the new cluster grows by it`,
    cel: `!${celIncremental} || (has(self.rayClusterConfig.enableInTreeAutoscaling) && self.rayClusterConfig.enableInTreeAutoscaling)`,
    holds: (spec) => !isIncremental(spec) || spec.rayClusterConfig.enableInTreeAutoscaling === true,
  },
  {
    name: "scale",
    field: "rayClusterConfig.workerReplicas",
    message: "rayClusterConfig.workerReplicas must not be set in a RayService: set replicas of its worker groups",
    cel: "!has(self.rayClusterConfig.workerReplicas)",
    holds: (spec) => spec.rayClusterConfig.workerReplicas === undefined,
  },
  {
    name: "managedBy",
    field: "managedBy",
    message: "managedBy is immutable: make a new object to hand it to another controller",
    cel: `(has(self.managedBy) ? self.managedBy : '${managedByOperator}') == (has(oldSelf.managedBy) ? oldSelf.managedBy : '${managedByOperator}')`,
  },
];

const optionRules: readonly Rule<ClusterUpgradeOptions>[] = [
  {
    name: "V16",
    field: "stepSizePercent",
    message: "stepSizePercent must not be above maxSurgePercent",
    cel: "self.stepSizePercent <= self.maxSurgePercent",
    holds: ({ stepSizePercent, maxSurgePercent }) => stepSizePercent <= maxSurgePercent,
  },
];

/** Rules about a RayService's own fields, from its spec. */
export const serviceRuleSets: readonly RuleSet[] = [
  ruleSet([], specRules),
  ruleSet(["upgradeStrategy", "clusterUpgradeOptions"], optionRules),
];
