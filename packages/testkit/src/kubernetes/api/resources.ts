import type { ResourceId } from "./objects.ts";

const resource = (group: string, version: string, plural: string): ResourceId =>
  Object.freeze({ group, version, plural });

/** The built-in resources that controllers and the kubelet work with. */
export const resources = {
  namespaces: resource("", "v1", "namespaces"),
  pods: resource("", "v1", "pods"),
  services: resource("", "v1", "services"),
  endpoints: resource("", "v1", "endpoints"),
  configMaps: resource("", "v1", "configmaps"),
  secrets: resource("", "v1", "secrets"),
  serviceAccounts: resource("", "v1", "serviceaccounts"),
  nodes: resource("", "v1", "nodes"),
  persistentVolumeClaims: resource("", "v1", "persistentvolumeclaims"),
  persistentVolumes: resource("", "v1", "persistentvolumes"),
  resourceQuotas: resource("", "v1", "resourcequotas"),
  coreEvents: resource("", "v1", "events"),
  events: resource("events.k8s.io", "v1", "events"),
  deployments: resource("apps", "v1", "deployments"),
  replicaSets: resource("apps", "v1", "replicasets"),
  statefulSets: resource("apps", "v1", "statefulsets"),
  jobs: resource("batch", "v1", "jobs"),
  endpointSlices: resource("discovery.k8s.io", "v1", "endpointslices"),
  leases: resource("coordination.k8s.io", "v1", "leases"),
  roles: resource("rbac.authorization.k8s.io", "v1", "roles"),
  roleBindings: resource("rbac.authorization.k8s.io", "v1", "rolebindings"),
  clusterRoles: resource("rbac.authorization.k8s.io", "v1", "clusterroles"),
  clusterRoleBindings: resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings"),
  networkPolicies: resource("networking.k8s.io", "v1", "networkpolicies"),
  ingresses: resource("networking.k8s.io", "v1", "ingresses"),
  podDisruptionBudgets: resource("policy", "v1", "poddisruptionbudgets"),
  storageClasses: resource("storage.k8s.io", "v1", "storageclasses"),
  priorityClasses: resource("scheduling.k8s.io", "v1", "priorityclasses"),
  customResourceDefinitions: resource("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
} as const satisfies Record<string, ResourceId>;
