/** Group of the custom resources. */
export const rayGroup = "ray.io";
/** Stored version of the custom resources. */
export const rayVersion = "v1";
/** `apiVersion` of the objects this operator writes. */
export const rayApiVersion = `${rayGroup}/${rayVersion}` as const;

/** Who sets `spec.managedBy` to this (or leaves it unset) has this operator look after the object. */
export const managedByOperator = "ray.io/kuberay-operator";

/** Labels on what the operator makes (KubeRay's names: other tools select by them). */
export const labels = {
  cluster: "ray.io/cluster",
  nodeType: "ray.io/node-type",
  group: "ray.io/group",
  isRayNode: "ray.io/is-ray-node",
  identifier: "ray.io/identifier",
  serve: "ray.io/serve",
  headlessWorkerService: "ray.io/headless-worker-svc",
  originatedFromName: "ray.io/originated-from-cr-name",
  originatedFromKind: "ray.io/originated-from-crd",
  replicaIndex: "ray.io/worker-group-replica-index",
  replicaName: "ray.io/worker-group-replica-name",
  replicaHostIndex: "ray.io/replica-host-index",
  priorityClassName: "ray.io/priority-class-name",
  gangScheduling: "ray.io/gang-scheduling-enabled",
  appName: "app.kubernetes.io/name",
  createdBy: "app.kubernetes.io/created-by",
  /** Head pods only: `leader` or `standby` (ours). */
  headRole: "manta.io/head-role",
  /** Revision of the template that a pod was made from (ours): rolling upgrades go by it. */
  podRevision: "manta.io/pod-revision",
} as const;

/** Values of labels. */
export const labelValues = {
  head: "head",
  worker: "worker",
  redisCleanup: "redis-cleanup",
  /** `ray.io/group` of head pods. */
  headGroup: "headgroup",
  yes: "yes",
  appName: "kuberay",
  createdBy: "kuberay-operator",
  leader: "leader",
  standby: "standby",
} as const;

/** Annotations that users set, or the operator writes down. */
export const annotations = {
  ftEnabled: "ray.io/ft-enabled",
  externalStorageNamespace: "ray.io/external-storage-namespace",
  gcsFtDeletionTimeout: "ray.io/gcs-ft-deletion-timeout",
  overwriteContainerCmd: "ray.io/overwrite-container-cmd",
  enableServeService: "ray.io/enable-serve-service",
  disableProvisionedHeadRestart: "ray.io/disable-provisioned-head-restart",
  ingressClass: "kubernetes.io/ingress.class",
  initializingTimeout: "ray.io/initializing-timeout",
  recreateHash: "ray.io/upgrade-strategy-recreate-hash",
  kuberayVersion: "ray.io/kuberay-version",
  specHash: "ray.io/hash-without-replicas-and-workers-to-delete",
  numWorkerGroups: "ray.io/num-worker-groups",
  /** On a RayCluster or RayService: how many spare head pods to keep beside the leader; default "0" (ours). */
  standbyHeads: "manta.io/standby-heads",
  /** On a RayCluster, "true": pods of a changed template are exchanged one by one, under drain (ours). */
  rollingUpdate: "manta.io/rolling-update",
  /** "false": no PodDisruptionBudget is made (ours). */
  disruptionBudget: "manta.io/disruption-budget",
  /** "false": no topology spread constraints are added to pods (ours). */
  topologySpread: "manta.io/topology-spread",
} as const;

/** Finalizers. */
export const finalizers = {
  redisCleanup: "ray.io/gcs-ft-redis-cleanup-finalizer",
  rayService: "ray.io/rayservice-finalizer",
} as const;

/** Values of `ray.io/originated-from-crd`. */
export const kinds = { rayCluster: "RayCluster", rayService: "RayService" } as const;

/** Longest names, so that everything named after an object stays within a DNS label of 63 characters. */
export const nameLimits = {
  /** 63 less the longest suffix of a child, which the reference sets at 10 characters. */
  rayClusterLengthMax: 53,
  /** A RayService's clusters add "-" and five characters. */
  rayServiceLengthMax: 47,
} as const;
