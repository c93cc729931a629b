import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { PersistentVolumeClaim, Pod, Service } from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { Ingress, NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { Logger } from "pino";
import { labels, labelValues, rayGroup } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import type { Caches } from "../kube/caches.ts";
import type { Clock } from "../kube/clock.ts";
import { Informer } from "../kube/informer.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { ObjectCache } from "../kube/object-cache.ts";
import { controllerOf, type KubeObject, type ObjectRef, type Stored } from "../kube/objects.ts";
import { rayClusters, rayServices } from "../kube/ray-resources.ts";
import { type Resource, resources } from "../kube/resources.ts";
import { trimPod } from "../kube/trim-pod.ts";

/** What the caches take. */
export interface CacheSetOptions {
  readonly api: KubeApi;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

interface Followed {
  readonly resource: Resource;
  readonly cache: { readonly size: number; get(ref: ObjectRef): Stored | undefined };
  readonly informers: readonly Pick<Informer<KubeObject>, "run" | "hasSynced" | "silentMs" | "counts">[];
}

/** All caches of the operator and the informers that feed them, one a resource and watched namespace. */
export class CacheSet implements Caches {
  readonly rayClusters: ObjectCache<RayCluster>;
  readonly rayServices: ObjectCache<RayService>;
  readonly pods: ObjectCache<Pod>;
  readonly services: ObjectCache<Service>;
  readonly endpointSlices: ObjectCache<EndpointSlice>;
  readonly jobs: ObjectCache<Job>;
  readonly persistentVolumeClaims: ObjectCache<PersistentVolumeClaim>;
  readonly podDisruptionBudgets: ObjectCache<PodDisruptionBudget>;
  readonly networkPolicies: ObjectCache<NetworkPolicy>;
  readonly ingresses: ObjectCache<Ingress>;
  readonly #options: CacheSetOptions;
  readonly #followed: Followed[] = [];

  constructor(options: CacheSetOptions) {
    this.#options = options;
    const ofCluster = [labels.cluster];
    const ours = { keeps: isOurs };
    this.rayClusters = this.#follow(rayClusters, new ObjectCache<RayCluster>({ labels: [labels.originatedFromName] }));
    this.rayServices = this.#follow(rayServices, new ObjectCache<RayService>());
    this.pods = this.#follow(
      resources.pods,
      new ObjectCache<Pod>({ labels: ofCluster, trim: trimPod }),
      `${labels.nodeType} in (${labelValues.head},${labelValues.worker},${labelValues.redisCleanup})`,
    );
    this.services = this.#follow(
      resources.services,
      new ObjectCache<Service>({ labels: [labels.cluster, labels.originatedFromName], ...ours }),
    );
    // The API server's controller copies a Service's labels to its slices: those of serve Services only.
    this.endpointSlices = this.#follow(
      resources.endpointSlices,
      new ObjectCache<EndpointSlice>({ labels: [serviceNameLabel] }),
      labels.serve,
    );
    this.jobs = this.#follow(
      resources.jobs,
      new ObjectCache<Job>({ labels: ofCluster }),
      `${labels.createdBy}=${labelValues.createdBy}`,
    );
    this.persistentVolumeClaims = this.#follow(
      resources.persistentVolumeClaims,
      new ObjectCache<PersistentVolumeClaim>({ labels: ofCluster, ...ours }),
    );
    this.podDisruptionBudgets = this.#follow(
      resources.podDisruptionBudgets,
      new ObjectCache<PodDisruptionBudget>({ labels: ofCluster, ...ours }),
    );
    this.networkPolicies = this.#follow(
      resources.networkPolicies,
      new ObjectCache<NetworkPolicy>({ labels: ofCluster, ...ours }),
    );
    // All of them: one of somebody else's under our name is told about and left alone.
    this.ingresses = this.#follow(resources.ingresses, new ObjectCache<Ingress>({ labels: ofCluster }));
  }

  /** The caches by resource, for metrics and health. */
  get followed(): readonly Followed[] {
    return this.#followed;
  }

  /** Resources whose first list is not complete. */
  get unsynced(): readonly string[] {
    return this.#followed
      .filter(({ informers }) => informers.some((informer) => !informer.hasSynced))
      .map(({ resource }) => resource.plural);
  }

  /** Looks an object of any followed resource up: for expectations. */
  lookup(resource: Resource, ref: ObjectRef): Stored | undefined {
    return this.#followed.find((followed) => followed.resource.plural === resource.plural)?.cache.get(ref);
  }

  /** Runs all informers until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#followed.flatMap(({ informers }) => informers.map((informer) => informer.run(signal))));
  }

  #follow<T extends KubeObject>(resource: Resource<T>, cache: ObjectCache<T>, labelSelector?: string): ObjectCache<T> {
    const { api, clock, log, namespaces } = this.#options;
    const scopes = namespaces.length === 0 ? [undefined] : namespaces;
    const informers = scopes.map((namespace) => {
      const select = { ...(labelSelector === undefined ? {} : { labelSelector }), namespace };
      return new Informer<T>({ api, resource, cache, select, clock, log });
    });
    this.#followed.push({ resource, cache, informers });
    return cache;
  }
}

/** On EndpointSlices: the Service they belong to. */
export const serviceNameLabel = "kubernetes.io/service-name";

/** Made for a Ray object: owned by one, or labelled as ours. */
const isOurs = (object: KubeObject): boolean =>
  controllerOf(object)?.apiVersion.startsWith(`${rayGroup}/`) === true ||
  Object.keys(object.metadata?.labels ?? {}).some((label) => label.startsWith(`${rayGroup}/`));
