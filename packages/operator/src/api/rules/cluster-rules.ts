import { managedByOperator } from "../names.ts";
import type { AuthOptions, NetworkPolicyOptions, RayClusterSpec } from "../ray-cluster-spec.ts";
import { type Rule, type RuleSet, ruleSet } from "./rule.ts";

const specRules: readonly Rule<RayClusterSpec>[] = [
  {
    name: "groups",
    field: "workerGroupSpecs",
    message: "workerGroupSpecs must have a groupName of its own each",
    cel: "!has(self.workerGroupSpecs) || self.workerGroupSpecs.all(a, self.workerGroupSpecs.exists_one(b, b.groupName == a.groupName))",
    holds: ({ workerGroupSpecs = [] }) =>
      new Set(workerGroupSpecs.map((group) => group.groupName)).size === workerGroupSpecs.length,
  },
  {
    name: "managedBy",
    field: "managedBy",
    message: "managedBy is immutable: make a new object to hand it to another controller",
    cel: `(has(self.managedBy) ? self.managedBy : '${managedByOperator}') == (has(oldSelf.managedBy) ? oldSelf.managedBy : '${managedByOperator}')`,
  },
  {
    name: "refused",
    field: "tlsOptions",
    message:
      "tlsOptions is not supported: encrypt the traffic between pods by a service mesh, or by a network plugin that does",
    cel: "!has(self.tlsOptions) || !has(self.tlsOptions.enabled) || !self.tlsOptions.enabled",
    holds: ({ tlsOptions }) => tlsOptions?.enabled !== true,
    forbidden: true,
  },
  {
    name: "refused",
    field: "historyServerOptions",
    message: "historyServerOptions is not supported: collect the pods' logs and metrics by the cluster's own means",
    cel: "!has(self.historyServerOptions)",
    holds: ({ historyServerOptions }) => historyServerOptions === undefined,
    forbidden: true,
  },
  {
    name: "V14",
    field: "networkPolicy",
    message: "networkPolicy.workerGroups must name groups of workerGroupSpecs",
    cel: "!has(self.networkPolicy) || !has(self.networkPolicy.workerGroups) || self.networkPolicy.workerGroups.all(n, has(self.workerGroupSpecs) && self.workerGroupSpecs.exists(g, g.groupName == n.groupName))",
    holds: ({ networkPolicy, workerGroupSpecs = [] }) =>
      (networkPolicy?.workerGroups ?? []).every((named) =>
        workerGroupSpecs.some((group) => group.groupName === named.groupName),
      ),
  },
];

const authRules: readonly Rule<AuthOptions>[] = [
  {
    name: "refused",
    field: "enableK8sTokenAuth",
    message: "enableK8sTokenAuth is not supported: use mode token, with secretName for a token of your own",
    cel: "!has(self.enableK8sTokenAuth) || !self.enableK8sTokenAuth",
    holds: ({ enableK8sTokenAuth }) => enableK8sTokenAuth !== true,
    forbidden: true,
  },
];

/** CEL: some part of the policy has rules of this direction. */
const celHasRules = (list: string): string =>
  `((has(self.head) && has(self.head.${list})) || (has(self.worker) && has(self.worker.${list})) || ` +
  `(has(self.workerGroups) && self.workerGroups.exists(g, has(g.${list}))))`;

const hasRules = (policy: NetworkPolicyOptions, list: "ingressRules" | "egressRules"): boolean =>
  [policy.head, policy.worker, ...(policy.workerGroups ?? [])].some((side) => side?.[list] !== undefined);

const networkRules: readonly Rule<NetworkPolicyOptions>[] = [
  {
    name: "V14",
    field: "mode",
    message: "mode must be DenyAll or DenyAllIngress where there are ingressRules: nothing else denies what they allow",
    cel: `self.mode in ['DenyAll', 'DenyAllIngress'] || !${celHasRules("ingressRules")}`,
    holds: (policy) =>
      policy.mode === "DenyAll" || policy.mode === "DenyAllIngress" || !hasRules(policy, "ingressRules"),
  },
  {
    name: "V14",
    field: "mode",
    message: "mode must be DenyAll or DenyAllEgress where there are egressRules: nothing else denies what they allow",
    cel: `self.mode in ['DenyAll', 'DenyAllEgress'] || !${celHasRules("egressRules")}`,
    holds: (policy) => policy.mode === "DenyAll" || policy.mode === "DenyAllEgress" || !hasRules(policy, "egressRules"),
  },
];

/** Rules about what concerns the cluster as a whole, from a RayCluster's spec. */
export const clusterRuleSets: readonly RuleSet[] = [
  ruleSet([], specRules),
  ruleSet(["authOptions"], authRules),
  ruleSet(["networkPolicy"], networkRules),
];
