import { kinds, labels } from "../api/names.ts";
import type { CacheChange, ObjectCache } from "../kube/object-cache.ts";
import { controllerOf, type KubeObject, keyOf, type Stored } from "../kube/objects.ts";
import { type CacheSet, serviceNameLabel } from "./cache-set.ts";

/** What is woken by a change. */
export type Enqueue = (kind: string, key: string) => void;

/**
 * Turns every change of a cache into the keys that it concerns: an object's own, its owner's, and its owner's owner's,
 * before and after the change. A RayService is woken by its clusters and by what belongs to them: by nothing else need
 * it look often. Returns how to end it.
 */
export const connectTriggers = (caches: CacheSet, enqueue: Enqueue): (() => void) => {
  const wakeService = (namespace: string, cluster: string): void => {
    const owner = serviceOf(caches.rayClusters.get({ namespace, name: cluster }));
    if (owner !== undefined) enqueue(kinds.rayService, `${namespace}/${owner}`);
  };
  const wakeCluster = (namespace: string, cluster: string): void => {
    enqueue(kinds.rayCluster, `${namespace}/${cluster}`);
    wakeService(namespace, cluster);
  };
  const wakeOwner = (object: Stored): void => {
    const namespace = object.metadata.namespace ?? "";
    const owner = controllerOf(object);
    const cluster = owner?.kind === kinds.rayCluster ? owner.name : object.metadata.labels?.[labels.cluster];
    if (cluster !== undefined) wakeCluster(namespace, cluster);
    const service = serviceOf(object);
    if (service !== undefined) enqueue(kinds.rayService, `${namespace}/${service}`);
  };
  const wakeSliceOwner = (slice: Stored): void => {
    const namespace = slice.metadata.namespace ?? "";
    const name = slice.metadata.labels?.[serviceNameLabel];
    const service = name === undefined ? undefined : caches.services.get({ namespace, name });
    if (service !== undefined) wakeOwner(service);
  };
  const ends = [
    each(caches.rayClusters, (cluster) => {
      enqueue(kinds.rayCluster, keyOf(cluster.metadata));
      const service = serviceOf(cluster);
      if (service !== undefined) enqueue(kinds.rayService, `${cluster.metadata.namespace}/${service}`);
    }),
    each(caches.rayServices, (service) => enqueue(kinds.rayService, keyOf(service.metadata))),
    each(caches.endpointSlices, wakeSliceOwner),
    each(caches.pods, wakeOwner),
    each(caches.services, wakeOwner),
    each(caches.jobs, wakeOwner),
    each(caches.persistentVolumeClaims, wakeOwner),
    each(caches.podDisruptionBudgets, wakeOwner),
    each(caches.networkPolicies, wakeOwner),
    each(caches.ingresses, wakeOwner),
  ];
  return () => {
    for (const end of ends) end();
  };
};

const each = <T extends KubeObject>(cache: ObjectCache<T>, wake: (object: Stored<T>) => void): (() => void) =>
  cache.subscribe((change: CacheChange<T>) => {
    if (change.old !== undefined) wake(change.old);
    if (change.object !== undefined) wake(change.object);
  });

/** The RayService that an object belongs to directly. */
const serviceOf = (object: Stored | undefined): string | undefined => {
  if (object === undefined) return undefined;
  const owner = controllerOf(object);
  if (owner?.kind === kinds.rayService) return owner.name;
  const { labels: marks } = object.metadata;
  return marks?.[labels.originatedFromKind] === kinds.rayService ? marks[labels.originatedFromName] : undefined;
};
