import { labelValues } from "../names.ts";
import type { HeadGroupSpec, WorkerGroupSpec } from "../ray-cluster-spec.ts";
import { type Rule, type RuleSet, ruleSet } from "./rule.ts";

const resourceParams = ["num-cpus", "num-gpus", "memory", "resources"] as const;

/** Label keys and values as Kubernetes has them: an optional DNS name, then a word of at most 63 characters. */
const labelWord = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const labelKey = `^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?${labelWord}$`;
const labelValue = `^(${labelWord})?$`;
const labelKeyPattern = new RegExp(labelKey);
const labelValuePattern = new RegExp(labelValue);

/** V4: what the head group and worker groups have in common. */
const groupRules: readonly Rule<HeadGroupSpec | WorkerGroupSpec>[] = [
  {
    name: "V4",
    field: "resources",
    message:
      "resources must not be set together with num-cpus, num-gpus, memory or resources of rayStartParams: say it in one of them",
    cel: `!has(self.resources) || self.resources.size() == 0 || !has(self.rayStartParams) || !self.rayStartParams.exists(key, key in [${resourceParams.map((key) => `'${key}'`).join(", ")}])`,
    holds: ({ resources = {}, rayStartParams = {} }) =>
      Object.keys(resources).length === 0 || resourceParams.every((key) => !Object.hasOwn(rayStartParams, key)),
  },
  {
    name: "V4",
    field: "rayStartParams",
    message: "rayStartParams must not have the key labels: set the group's labels instead",
    cel: "!has(self.rayStartParams) || !('labels' in self.rayStartParams)",
    holds: ({ rayStartParams = {} }) => !Object.hasOwn(rayStartParams, "labels"),
  },
  {
    name: "V4",
    field: "labels",
    message: "labels must have keys and values that are valid as Kubernetes labels",
    cel: `!has(self.labels) || self.labels.all(key, key.matches('${labelKey}') && self.labels[key].matches('${labelValue}'))`,
    holds: ({ labels = {} }) =>
      Object.entries(labels).every(([key, value]) => labelKeyPattern.test(key) && labelValuePattern.test(value)),
  },
  {
    name: "V8",
    field: "rayStartParams",
    message: "rayStartParams must not have the key redis-username: set gcsFaultToleranceOptions.redisUsername instead",
    cel: "!has(self.rayStartParams) || !('redis-username' in self.rayStartParams)",
    holds: ({ rayStartParams = {} }) => !Object.hasOwn(rayStartParams, "redis-username"),
  },
];

/** Worker groups alone. */
const workerGroupRules: readonly Rule<WorkerGroupSpec>[] = [
  {
    name: "V3",
    field: "minReplicas",
    message: "minReplicas must not be above maxReplicas",
    cel: "self.minReplicas <= self.maxReplicas",
    holds: ({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
  },
  {
    name: "groups",
    field: "groupName",
    message: 'groupName must be valid as the value of a label: letters, digits, "-", "_" and ".", 63 at most',
    cel: `self.groupName.matches('${labelValue}')`,
    holds: ({ groupName }) => labelValuePattern.test(groupName),
  },
  {
    name: "groups",
    field: "groupName",
    message: `groupName must not be "${labelValues.headGroup}", which is the head's own group`,
    cel: `self.groupName != '${labelValues.headGroup}'`,
    holds: ({ groupName }) => groupName !== labelValues.headGroup,
  },
];

/** Rules about groups, from a RayCluster's spec. */
export const groupRuleSets: readonly RuleSet[] = [
  ruleSet(["headGroupSpec"], groupRules),
  ruleSet(["workerGroupSpecs", "*"], [...groupRules, ...workerGroupRules]),
];
