import { rayGroup } from "./names.ts";

/** One rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const read = ["get", "list", "watch"] as const;
const own = [...read, "create", "update", "patch", "delete"] as const;

/**
 * What the operator may do in the namespaces that it watches; the chart's and the kustomize base's
 * roles are made from this. Of Secrets it may only make new ones: pods refer to their passwords and
 * tokens by name, and the operator never reads them.
 */
export const operatorRules: readonly PolicyRule[] = [
  { apiGroups: [rayGroup], resources: ["rayclusters", "rayservices"], verbs: own },
  { apiGroups: [rayGroup], resources: ["rayclusters/status", "rayservices/status"], verbs: ["get", "update", "patch"] },
  { apiGroups: [rayGroup], resources: ["rayclusters/finalizers", "rayservices/finalizers"], verbs: ["update"] },
  { apiGroups: [""], resources: ["pods"], verbs: [...own, "deletecollection"] },
  { apiGroups: [""], resources: ["services", "persistentvolumeclaims"], verbs: own },
  { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: own },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"], verbs: own },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: own },
  { apiGroups: ["gateway.networking.k8s.io"], resources: ["gateways", "httproutes"], verbs: own },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
];

/** What it may do in its own namespace beside that: hold the lease of the one that leads. */
export const leaderElectionRules: readonly PolicyRule[] = [
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update", "patch"] },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
];

/** Beside `operatorRules` where it reaches heads through the API server (`--use-kubernetes-proxy`). */
export const proxyRules: readonly PolicyRule[] = [
  { apiGroups: [""], resources: ["services/proxy"], verbs: ["get", "create", "update"] },
];

/** Beside `operatorRules` where it talks to heads which want a token: off unless the chart's user says so. */
export const tokenRules: readonly PolicyRule[] = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }];
