/** How one field of a built-in type merges; see `Structure`. */
export type MergeRule =
  | { readonly merge: "map"; readonly keys: readonly string[]; readonly mergeKey?: string | undefined }
  | { readonly merge: "set" }
  /** Of objects: atomic for server-side apply; `replace`: for strategic merge patches too. */
  | { readonly merge: "atomic"; readonly replace: boolean };

const by = (...keys: string[]): MergeRule => ({ merge: "map", keys });
/** A map to server-side apply, a list that is replaced to strategic merge patches. */
const applyOnly = (...keys: string[]): MergeRule => ({ merge: "map", keys, mergeKey: "" });
const set: MergeRule = { merge: "set" };
const atomic: MergeRule = { merge: "atomic", replace: false };

const conditions = { conditions: by("type") };
const container = {
  env: by("name"),
  ports: by("containerPort", "protocol"),
  volumeMounts: by("mountPath"),
  volumeDevices: by("devicePath"),
};

/**
 * The lists and maps of built-in types that do not merge in the default way (objects by key, lists as a whole): facts
 * of the API reference, where a field says «Patch strategy», «Map: unique values on key … will be kept during a
 * merge», «Set» or «Atomic». https://kubernetes.io/docs/reference/kubernetes-api/
 */
export const builtinMergeRules: Readonly<Record<string, Readonly<Record<string, MergeRule>>>> = {
  ObjectMeta: { ownerReferences: by("uid"), finalizers: set },
  PodSpec: {
    containers: by("name"),
    initContainers: by("name"),
    ephemeralContainers: by("name"),
    volumes: by("name"),
    imagePullSecrets: by("name"),
    hostAliases: by("ip"),
    topologySpreadConstraints: by("topologyKey", "whenUnsatisfiable"),
    resourceClaims: by("name"),
    schedulingGates: by("name"),
    nodeSelector: atomic,
  },
  Container: container,
  EphemeralContainer: container,
  ResourceRequirements: { claims: applyOnly("name") },
  PodStatus: { ...conditions, podIPs: by("ip"), resourceClaimStatuses: by("name") },
  ServiceSpec: { ports: by("port", "protocol"), selector: atomic },
  ServiceStatus: conditions,
  ServiceAccount: { secrets: by("name") },
  NodeSpec: { podCIDRs: set },
  NodeStatus: { ...conditions, addresses: by("type") },
  NamespaceStatus: conditions,
  PersistentVolumeClaimStatus: conditions,
  PersistentVolumeSpec: { claimRef: atomic },
  ReplicationControllerSpec: { selector: atomic },
  ReplicationControllerStatus: conditions,
  LoadBalancerIngress: { ports: atomic },
  "apps.DeploymentStatus": conditions,
  "apps.ReplicaSetStatus": conditions,
  "apps.StatefulSetStatus": conditions,
  "apps.DaemonSetStatus": conditions,
  "batch.JobStatus": conditions,
  "autoscaling/v2.HorizontalPodAutoscalerStatus": conditions,
  "policy.PodDisruptionBudgetSpec": { selector: { merge: "atomic", replace: true } },
  "policy.PodDisruptionBudgetStatus": conditions,
  "storage.CSINodeSpec": { drivers: by("name") },
  "admissionregistration.MutatingWebhookConfiguration": { webhooks: by("name") },
  "admissionregistration.ValidatingWebhookConfiguration": { webhooks: by("name") },
  "apiextensions.CustomResourceDefinitionStatus": conditions,
};

/** Types that server-side apply takes as a whole wherever they stand. */
export const atomicTypes: ReadonlySet<string> = new Set([
  "LabelSelector",
  "LocalObjectReference",
  "ObjectReference",
  "SecretReference",
  "TypedLocalObjectReference",
  "ConfigMapKeySelector",
  "SecretKeySelector",
  "ObjectFieldSelector",
  "ResourceFieldSelector",
  "NodeSelector",
  "NodeSelectorTerm",
  "ScopeSelector",
  "TopologySelectorTerm",
  "rbac.RoleRef",
]);

/** What keys count as where an item leaves them out. */
export const keyDefaults: Readonly<Record<string, string>> = { protocol: "TCP" };
