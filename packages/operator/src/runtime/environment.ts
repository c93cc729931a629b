import type { ClusterOptions } from "../cluster/cluster-options.ts";
import type { ListenAddress, OperatorSettings } from "./settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of the reference that mean something only for what is not here. */
const withoutEffect: Readonly<Record<string, string>> = {
  ENABLE_WEBHOOKS: "the CRDs themselves check objects at admission",
  USE_INGRESS_ON_OPENSHIFT: "an Ingress is made on every platform",
  DELETE_RAYJOB_CR_AFTER_JOB_FINISHES: "RayJobs are not reconciled",
  RAYJOB_DEPLOYMENT_STATUS_TRANSITION_GRACE_PERIOD_SECONDS: "RayJobs are not reconciled",
  RAYJOB_STATUS_CHECK_TIMEOUT_SECONDS: "RayJobs are not reconciled",
};

const switches: Readonly<Record<string, { readonly option: keyof ClusterOptions; readonly default: boolean }>> = {
  ENABLE_PROBES_INJECTION: { option: "injectProbes", default: true },
  ENABLE_INIT_CONTAINER_INJECTION: { option: "injectInitContainer", default: true },
  ENABLE_LOGIN_SHELL: { option: "loginShell", default: false },
  ENABLE_RAY_HEAD_CLUSTER_IP_SERVICE: { option: "headClusterIp", default: false },
  ENABLE_DETERMINISTIC_HEAD_POD_NAME: { option: "deterministicHeadPodName", default: false },
  ENABLE_GCS_FT_REDIS_CLEANUP: { option: "redisCleanup", default: true },
  ENABLE_RANDOM_POD_DELETE: { option: "randomPodDelete", default: false },
};

/**
 * Adds what the environment says to the settings, by the reference's names and habits: a switch that is on by default
 * is turned off by "false" only, one that is off is turned on by "true" only.
 */
export const withEnvironment = (
  settings: OperatorSettings,
  env: Environment,
): { readonly settings: OperatorSettings; readonly warnings: readonly string[] } => {
  const warnings = Object.entries(withoutEffect)
    .filter(([name]) => env[name] !== undefined && env[name] !== "" && env[name] !== "false")
    .map(([name, reason]) => `${name} has no effect: ${reason}`);
  const cluster: Partial<Record<keyof ClusterOptions, unknown>> = { ...settings.cluster };
  for (const [name, { option, default: normal }] of Object.entries(switches)) {
    const text = env[name]?.toLowerCase();
    if (text === undefined || text === "") continue;
    if (text !== "true" && text !== "false") warnings.push(`${name}=${env[name]}: neither true nor false, ignored`);
    else cluster[option] = normal ? text !== "false" : text === "true";
  }
  if (set(env.CLUSTER_DOMAIN)) cluster.clusterDomain = env.CLUSTER_DOMAIN;
  if (set(env.POD_NAMESPACE)) cluster.operatorNamespace = env.POD_NAMESPACE;
  const seconds = Number(env.RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV);
  const resync = set(env.RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV);
  if (resync && !(seconds > 0))
    warnings.push(
      `RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV=${env.RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV}: not above 0, ignored`,
    );
  return {
    settings: {
      ...settings,
      metricsAddress: ownAddress(settings.metricsAddress, env),
      healthAddress: ownAddress(settings.healthAddress, env),
      cluster: cluster as Partial<ClusterOptions>,
      zeroDowntime: env.ENABLE_ZERO_DOWNTIME?.toLowerCase() !== "false" && settings.zeroDowntime,
      resyncMs: resync && seconds > 0 ? seconds * 1_000 : settings.resyncMs,
    },
    warnings,
  };
};

const set = (value: string | undefined): value is string => value !== undefined && value !== "";

/** "All addresses" is the pod's own where pods are processes of one machine, on loopback addresses: others listen there, too. */
const ownAddress = (address: ListenAddress | undefined, { POD_IP: podIp }: Environment): ListenAddress | undefined =>
  address !== undefined && address.host === undefined && podIp?.startsWith("127.") === true
    ? { ...address, host: podIp }
    : address;
