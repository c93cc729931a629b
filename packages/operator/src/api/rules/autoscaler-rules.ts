import type { AutoscalerOptions, RayClusterSpec } from "../ray-cluster-spec.ts";
import { celHeadEnvHas, celHeadEnvIs, headEnvHas, headEnvIs } from "./head-pod.ts";
import { type Rule, type RuleSet, ruleSet } from "./rule.ts";

const v2Variable = "RAY_enable_autoscaler_v2";

/** Whether the spec asks for the second version of the autoscaler, by option or by variable. */
const isV2 = (spec: RayClusterSpec): boolean =>
  spec.autoscalerOptions?.version === "v2" || headEnvIs(spec, v2Variable, "1", "true");

const autoscales = (spec: RayClusterSpec): boolean => spec.enableInTreeAutoscaling === true;

const celAutoscales = "(has(self.enableInTreeAutoscaling) && self.enableInTreeAutoscaling)";
const celV2 = `((has(self.autoscalerOptions) && has(self.autoscalerOptions.version) && self.autoscalerOptions.version == 'v2') || ${celHeadEnvIs(v2Variable, "1", "true")})`;
const celGroups = (condition: string): string =>
  `(!has(self.workerGroupSpecs) || self.workerGroupSpecs.all(g, ${condition}))`;

const maySay = (policy: string | undefined): boolean => policy === undefined || policy === "Never";

/** V10 to V13. */
const specRules: readonly Rule<RayClusterSpec>[] = [
  {
    name: "V10",
    field: "workerGroupSpecs",
    message: "workerGroupSpecs must not be suspended one by one while enableInTreeAutoscaling is true",
    cel: `!${celAutoscales} || ${celGroups("!has(g.suspend) || !g.suspend")}`,
    holds: (spec) => !autoscales(spec) || (spec.workerGroupSpecs ?? []).every((group) => group.suspend !== true),
  },
  {
    name: "V11",
    field: "enableInTreeAutoscaling",
    message: `enableInTreeAutoscaling must be true where the head's Ray container sets ${v2Variable}`,
    cel: `${celAutoscales} || !${celHeadEnvIs(v2Variable, "1", "true")}`,
    holds: (spec) => autoscales(spec) || !headEnvIs(spec, v2Variable, "1", "true"),
  },
  {
    name: "V11",
    field: "autoscalerOptions.version",
    message: `autoscalerOptions.version must not be set together with the variable ${v2Variable} of the head's Ray container`,
    cel: `!has(self.autoscalerOptions) || !has(self.autoscalerOptions.version) || !${celHeadEnvHas(v2Variable)}`,
    holds: (spec) => spec.autoscalerOptions?.version === undefined || !headEnvHas(spec, v2Variable),
  },
  {
    name: "V12",
    field: "headGroupSpec.template",
    message: "restartPolicy of headGroupSpec must be unset or Never with version v2 of the autoscaler",
    cel: `!${celAutoscales} || !${celV2} || !has(self.headGroupSpec.template.spec.restartPolicy) || self.headGroupSpec.template.spec.restartPolicy == 'Never'`,
    holds: (spec) => !autoscales(spec) || !isV2(spec) || maySay(spec.headGroupSpec.template.spec?.restartPolicy),
  },
  {
    name: "V12",
    field: "workerGroupSpecs",
    message: "restartPolicy of workerGroupSpecs must be unset or Never with version v2 of the autoscaler",
    cel: `!${celAutoscales} || !${celV2} || ${celGroups("!has(g.template.spec.restartPolicy) || g.template.spec.restartPolicy == 'Never'")}`,
    holds: (spec) =>
      !autoscales(spec) ||
      !isV2(spec) ||
      (spec.workerGroupSpecs ?? []).every((group) => maySay(group.template.spec?.restartPolicy)),
  },
  {
    name: "V13",
    field: "workerGroupSpecs",
    message: "idleTimeoutSeconds of workerGroupSpecs needs autoscalerOptions.version v2",
    cel: `${celV2} || ${celGroups("!has(g.idleTimeoutSeconds)")}`,
    holds: (spec) =>
      isV2(spec) || (spec.workerGroupSpecs ?? []).every((group) => group.idleTimeoutSeconds === undefined),
  },
  {
    name: "V13",
    field: "workerGroupSpecs",
    message: "priority of workerGroupSpecs needs autoscalerOptions.version v2",
    cel: `${celV2} || ${celGroups("g.priority == 0")}`,
    holds: (spec) => isV2(spec) || (spec.workerGroupSpecs ?? []).every((group) => group.priority === 0),
  },
  {
    name: "scale",
    field: "workerReplicas",
    message: "workerReplicas must not be set while enableInTreeAutoscaling is true, which sets replicas itself",
    cel: `!has(self.workerReplicas) || !${celAutoscales}`,
    holds: (spec) => spec.workerReplicas === undefined || !autoscales(spec),
  },
  {
    name: "scale",
    field: "workerReplicas",
    message: "workerReplicas needs a worker group: it sets the replicas of the first one",
    cel: "!has(self.workerReplicas) || (has(self.workerGroupSpecs) && self.workerGroupSpecs.size() > 0)",
    holds: (spec) => spec.workerReplicas === undefined || (spec.workerGroupSpecs ?? []).length > 0,
  },
];

const startCommand = "KUBERAY_GEN_AUTOSCALER_START_CMD";

const optionRules: readonly Rule<AutoscalerOptions>[] = [
  {
    name: "V13",
    field: "env",
    message: `env of autoscalerOptions must not have ${startCommand}`,
    cel: `!has(self.env) || !self.env.exists(e, e.name == '${startCommand}')`,
    holds: ({ env = [] }) => !env.some((variable) => variable.name === startCommand),
  },
  {
    name: "refused",
    field: "command",
    message:
      "command and args of autoscalerOptions are not supported: the operator scales the cluster itself, there is no sidecar",
    cel: "(!has(self.command) || self.command.size() == 0) && (!has(self.args) || self.args.size() == 0)",
    holds: ({ command = [], args = [] }) => command.length === 0 && args.length === 0,
    forbidden: true,
  },
];

/** Rules about autoscaling, from a RayCluster's spec. */
export const autoscalerRuleSets: readonly RuleSet[] = [
  ruleSet([], specRules),
  ruleSet(["autoscalerOptions"], optionRules),
];
