import type { ScalePaths } from "../plugins.ts";

/** One line of the table of built-in kinds. */
export interface BuiltinKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  /** `kubectl get all`. */
  readonly inAll?: true;
  readonly clusterWide?: true;
  readonly status?: true;
  readonly scale?: ScalePaths;
  readonly generations?: true;
  readonly selectable?: readonly string[];
}

const workloadScale: ScalePaths = {
  specReplicasPath: ".spec.replicas",
  statusReplicasPath: ".status.replicas",
  labelSelectorPath: ".spec.selector",
};

const podFields = [
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.schedulerName",
  "spec.serviceAccountName",
  "spec.hostNetwork",
  "status.phase",
  "status.podIP",
  "status.nominatedNodeName",
];

const involved = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];
const eventFields = ["reason", "type", "reportingController", "reportingComponent", "source.component"];

const core = { group: "", version: "v1" } as const;
const apps = { group: "apps", version: "v1", inAll: true, status: true, generations: true } as const;
const rbac = { group: "rbac.authorization.k8s.io", version: "v1" } as const;

/**
 * The built-in kinds that are served: those for which this cluster has a controller, or which are mere data. What is
 * absent (DaemonSet, CronJob, HorizontalPodAutoscaler, webhooks …) is refused as an unknown kind instead of being
 * stored without effect. https://kubernetes.io/docs/reference/kubernetes-api/
 */
export const builtinKinds: readonly BuiltinKind[] = [
  { ...core, kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"] },
  { ...core, kind: "Endpoints", plural: "endpoints", shortNames: ["ep"] },
  {
    ...core,
    kind: "Event",
    plural: "events",
    shortNames: ["ev"],
    selectable: [...involved.map((field) => `involvedObject.${field}`), ...eventFields],
  },
  {
    ...core,
    kind: "Namespace",
    plural: "namespaces",
    shortNames: ["ns"],
    clusterWide: true,
    status: true,
    selectable: ["status.phase"],
  },
  {
    ...core,
    kind: "Node",
    plural: "nodes",
    shortNames: ["no"],
    clusterWide: true,
    status: true,
    selectable: ["spec.unschedulable"],
  },
  { ...core, kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims", shortNames: ["pvc"], status: true },
  {
    ...core,
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    shortNames: ["pv"],
    clusterWide: true,
    status: true,
  },
  {
    ...core,
    kind: "Pod",
    plural: "pods",
    shortNames: ["po"],
    inAll: true,
    status: true,
    generations: true,
    selectable: podFields,
  },
  { ...core, kind: "ResourceQuota", plural: "resourcequotas", shortNames: ["quota"], status: true },
  { ...core, kind: "Secret", plural: "secrets", selectable: ["type"] },
  { ...core, kind: "ServiceAccount", plural: "serviceaccounts", shortNames: ["sa"] },
  {
    ...core,
    kind: "Service",
    plural: "services",
    shortNames: ["svc"],
    inAll: true,
    status: true,
    selectable: ["spec.clusterIP", "spec.type"],
  },
  { ...apps, kind: "Deployment", plural: "deployments", shortNames: ["deploy"], scale: workloadScale },
  {
    ...apps,
    kind: "ReplicaSet",
    plural: "replicasets",
    shortNames: ["rs"],
    scale: workloadScale,
    selectable: ["status.replicas"],
  },
  { ...apps, kind: "StatefulSet", plural: "statefulsets", shortNames: ["sts"], scale: workloadScale },
  { group: "apps", version: "v1", kind: "ControllerRevision", plural: "controllerrevisions" },
  {
    group: "batch",
    version: "v1",
    kind: "Job",
    plural: "jobs",
    inAll: true,
    status: true,
    generations: true,
    selectable: ["status.successful"],
  },
  { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases" },
  { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices", generations: true },
  {
    group: "events.k8s.io",
    version: "v1",
    kind: "Event",
    plural: "events",
    shortNames: ["ev"],
    selectable: [...involved.map((field) => `regarding.${field}`), ...eventFields],
  },
  {
    group: "networking.k8s.io",
    version: "v1",
    kind: "Ingress",
    plural: "ingresses",
    shortNames: ["ing"],
    status: true,
    generations: true,
  },
  {
    group: "networking.k8s.io",
    version: "v1",
    kind: "IngressClass",
    plural: "ingressclasses",
    clusterWide: true,
    generations: true,
  },
  {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    shortNames: ["netpol"],
    generations: true,
  },
  {
    group: "policy",
    version: "v1",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    shortNames: ["pdb"],
    status: true,
    generations: true,
  },
  { ...rbac, kind: "Role", plural: "roles" },
  { ...rbac, kind: "RoleBinding", plural: "rolebindings" },
  { ...rbac, kind: "ClusterRole", plural: "clusterroles", clusterWide: true },
  { ...rbac, kind: "ClusterRoleBinding", plural: "clusterrolebindings", clusterWide: true },
  {
    group: "scheduling.k8s.io",
    version: "v1",
    kind: "PriorityClass",
    plural: "priorityclasses",
    shortNames: ["pc"],
    clusterWide: true,
    generations: true,
  },
  {
    group: "storage.k8s.io",
    version: "v1",
    kind: "StorageClass",
    plural: "storageclasses",
    shortNames: ["sc"],
    clusterWide: true,
  },
  {
    group: "apiextensions.k8s.io",
    version: "v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    shortNames: ["crd", "crds"],
    clusterWide: true,
    status: true,
    generations: true,
  },
];
