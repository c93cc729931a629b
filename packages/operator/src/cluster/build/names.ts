import type { RayCluster } from "../../api/ray-cluster.ts";

/** Longest name that keeps room for what Kubernetes and the operator append (reference, section 2.2). */
const nameLengthMax = 50;
/** Longest value of a label. */
const labelLengthMax = 63;

/** The last 50 characters; a digit or punctuation at the start becomes `r` (reference, section 2.2). */
export const checkName = (name: string): string => {
  const kept = name.slice(-nameLengthMax);
  return /^[^a-zA-Z]/.test(kept) ? `r${kept.slice(1)}` : kept;
};

/** The last 63 characters; punctuation at the start becomes `r` (reference, section 2.2). */
export const checkLabel = (value: string): string => {
  const kept = value.slice(-labelLengthMax);
  return /^[^a-zA-Z0-9]/.test(kept) ? `r${kept.slice(1)}` : kept;
};

/** What a head pod's name begins with. */
export const headPodPrefix = (cluster: string): string => `${cluster.slice(0, nameLengthMax)}-head`.toLowerCase();

/** What a worker pod's name begins with. */
export const workerPodPrefix = (cluster: string, group: string): string =>
  `${`${cluster}-${group}`.slice(0, nameLengthMax)}-worker`.toLowerCase();

/** Service in front of the head pods: the user's name for it, else `<cluster>-head-svc`. */
export const headServiceName = (cluster: RayCluster): string =>
  cluster.spec.headGroupSpec.headService?.metadata?.name ?? `${cluster.metadata.name}-head-svc`;

/** Service in front of the proxies of one cluster. */
export const serveServiceName = (cluster: string): string => `${cluster}-serve-svc`;

/** Service that gives workers of multi-host groups names. */
export const headlessServiceName = (cluster: string): string => `${cluster}-headless`;

/** Name under which other pods reach the head. */
export const headServiceHost = (cluster: RayCluster, clusterDomain: string): string =>
  `${headServiceName(cluster)}.${cluster.metadata.namespace}.svc.${clusterDomain}`;

/** Ingress in front of the dashboard. */
export const ingressName = (cluster: string): string => checkName(`${cluster}-head-ingress`);

/** Job that empties the cluster's part of Redis. */
export const redisCleanupJobName = (cluster: string): string => checkLabel(`${cluster}-redis-cleanup`);

/** Claim of the embedded control store. */
export const gcsClaimName = (cluster: string): string => `${cluster}-gcs-pvc`;

/** Secret with the cluster's token: the user's, else one named after the cluster. */
export const authSecretName = (cluster: RayCluster): string =>
  cluster.spec.authOptions?.secretName ?? checkName(cluster.metadata.name);

/** NetworkPolicy of the head pods, and their disruption budget. */
export const headScopedName = (cluster: string): string => `${cluster}-head`;

/** NetworkPolicy of one group's pods, and their disruption budget. */
export const groupScopedName = (cluster: string, group: string): string => `${cluster}-workers-${group}`;
