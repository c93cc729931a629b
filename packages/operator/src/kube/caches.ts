import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { PersistentVolumeClaim, Pod, Service } from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { Ingress, NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import type { CacheView } from "./cache-view.ts";

/**
 * The caches of the operator. Secrets, service accounts, roles and nodes have none: they are read when they are
 * needed, so that the operator need not be allowed to list them. `rayClusters` and `rayServices` are as the server
 * sent them: read them with `parseRayCluster` and `parseRayService`.
 */
export interface Caches {
  readonly rayClusters: CacheView<RayCluster>;
  readonly rayServices: CacheView<RayService>;
  /** Only those with `ray.io/node-type` head, worker or redis-cleanup; indexed by `ray.io/cluster`. Trimmed: see `trimPod`. */
  readonly pods: CacheView<Pod>;
  /** Indexed by `ray.io/cluster` and `ray.io/originated-from-cr-name`. */
  readonly services: CacheView<Service>;
  /** Indexed by `kubernetes.io/service-name`. */
  readonly endpointSlices: CacheView<EndpointSlice>;
  /** Only those with `app.kubernetes.io/created-by=kuberay-operator`. */
  readonly jobs: CacheView<Job>;
  readonly persistentVolumeClaims: CacheView<PersistentVolumeClaim>;
  readonly podDisruptionBudgets: CacheView<PodDisruptionBudget>;
  readonly networkPolicies: CacheView<NetworkPolicy>;
  readonly ingresses: CacheView<Ingress>;
}
