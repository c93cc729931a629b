import { labels, labelValues } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { Caches } from "../kube/caches.ts";
import { controllerOf, type KubeObject } from "../kube/objects.ts";
import {
  gcsClaimName,
  headlessServiceName,
  headServiceName,
  ingressName,
  redisCleanupJobName,
  serveServiceName,
} from "./build/names.ts";
import type { ObservedCluster } from "./observed-cluster.ts";

/** Gathers what the caches have of a cluster. */
export const observeCluster = (cluster: RayCluster, caches: Caches): ObservedCluster => {
  const { name: clusterName, namespace } = cluster.metadata;
  const named = (name: string): { namespace: string; name: string } => ({ namespace, name });
  const pods = caches.pods.byLabel(namespace, labels.cluster, clusterName);
  const cleanupJob = caches.jobs.get(named(redisCleanupJobName(clusterName)));
  return {
    cluster,
    pods: pods.filter((pod) => isNode(pod.metadata.labels?.[labels.nodeType]) && isOwned(cluster, pod)),
    podNames: new Set(pods.map((pod) => pod.metadata.name)),
    headService: caches.services.get(named(headServiceName(cluster))),
    headlessService: caches.services.get(named(headlessServiceName(clusterName))),
    serveService: caches.services.get(named(serveServiceName(clusterName))),
    ingress: caches.ingresses.get(named(ingressName(clusterName))),
    gcsClaim: caches.persistentVolumeClaims.get(named(gcsClaimName(clusterName))),
    cleanupJob,
    cleanupPod: pods.find((pod) => cleanupJob !== undefined && controllerOf(pod)?.uid === cleanupJob.metadata.uid),
    budgets: caches.podDisruptionBudgets
      .byLabel(namespace, labels.cluster, clusterName)
      .filter((it) => isOwned(cluster, it)),
    networkPolicies: caches.networkPolicies
      .byLabel(namespace, labels.cluster, clusterName)
      .filter((it) => isOwned(cluster, it)),
  };
};

const isNode = (type: string | undefined): boolean => type === labelValues.head || type === labelValues.worker;

/** Whether the cluster controls the object: a former cluster of its name has another uid. */
export const isOwned = (cluster: RayCluster, object: KubeObject): boolean =>
  controllerOf(object)?.uid === cluster.metadata.uid;
