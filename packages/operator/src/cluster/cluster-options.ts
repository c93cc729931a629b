import type { Container, EnvVar } from "kubernetes-types/core/v1.d.ts";

/** What the operator's own settings say about every cluster (reference, section 6.3). */
export interface ClusterOptions {
  /** Last part of Services' names. `CLUSTER_DOMAIN`; default `cluster.local`. */
  readonly clusterDomain: string;
  /** Written to head pods, so that a newer operator knows who made them. */
  readonly operatorVersion: string;
  /** Namespace of the operator's own pods: a NetworkPolicy lets them in. Empty: unknown, any namespace. */
  readonly operatorNamespace: string;
  /** Labels of the operator's own pods. */
  readonly operatorPodLabels: Readonly<Record<string, string>>;
  /** `ENABLE_PROBES_INJECTION`; default true. */
  readonly injectProbes: boolean;
  /** `ENABLE_INIT_CONTAINER_INJECTION`; default true. */
  readonly injectInitContainer: boolean;
  /** `ENABLE_LOGIN_SHELL`: the start command runs in a login shell; default false. */
  readonly loginShell: boolean;
  /** `ENABLE_RAY_HEAD_CLUSTER_IP_SERVICE`: the head Service gets an address of its own; default false (headless). */
  readonly headClusterIp: boolean;
  /** `ENABLE_DETERMINISTIC_HEAD_POD_NAME`: a head pod has no random part in its name; default false. */
  readonly deterministicHeadPodName: boolean;
  /** `ENABLE_GCS_FT_REDIS_CLEANUP`: a deleted cluster's part of Redis is emptied; default true. */
  readonly redisCleanup: boolean;
  /**
   * `RAY_gcs_rpc_server_reconnect_timeout_s` of workers with fault tolerance, 600 in the reference. Default absent: a node
   * of ours serves for ever without a head, and the variable would end that.
   */
  readonly workerReconnectTimeoutSeconds?: number;
  /** `ENABLE_RANDOM_POD_DELETE`: with autoscaling, surplus worker pods are deleted though nobody named them; default false. */
  readonly randomPodDelete: boolean;
  /** Variables for every Ray container that does not have them. Default none. */
  readonly defaultContainerEnv: readonly EnvVar[];
  /** Annotations and labels for every pod that does not have them. Default none. */
  readonly defaultPodAnnotations: Readonly<Record<string, string>>;
  readonly defaultPodLabels: Readonly<Record<string, string>>;
  /** Containers put beside every head or worker. Default none. */
  readonly headSidecars: readonly Container[];
  readonly workerSidecars: readonly Container[];
  /** Pods fit the restricted pod security standard where the manifest says nothing else; default true. */
  readonly hardenPods: boolean;
  /** PodDisruptionBudgets, NetworkPolicies and topology spread for every cluster that does not refuse them; default true. */
  readonly disruptionBudgets: boolean;
  readonly networkPolicies: boolean;
  readonly topologySpread: boolean;
}

/** What holds where the operator was told nothing. */
export const defaultClusterOptions: ClusterOptions = {
  clusterDomain: "cluster.local",
  operatorVersion: "0.1.0",
  operatorNamespace: "",
  operatorPodLabels: { "app.kubernetes.io/name": "manta-operator" },
  injectProbes: true,
  injectInitContainer: true,
  loginShell: false,
  headClusterIp: false,
  deterministicHeadPodName: false,
  redisCleanup: true,
  randomPodDelete: false,
  defaultContainerEnv: [],
  defaultPodAnnotations: {},
  defaultPodLabels: {},
  headSidecars: [],
  workerSidecars: [],
  hardenPods: true,
  disruptionBudgets: true,
  networkPolicies: true,
  topologySpread: true,
};
