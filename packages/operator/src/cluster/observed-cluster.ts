import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { PersistentVolumeClaim, Pod, Service } from "kubernetes-types/core/v1.d.ts";
import type { Ingress, NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { Stored } from "../kube/objects.ts";

/** A RayCluster and what there is of it, from the caches. */
export interface ObservedCluster {
  readonly cluster: RayCluster;
  /** Head and worker pods that belong to this cluster (not to a former one of its name), terminating ones included. */
  readonly pods: readonly Stored<Pod>[];
  /** Names that pods of this label already have, whoever they belong to: a new pod takes another. */
  readonly podNames: ReadonlySet<string>;
  readonly headService: Stored<Service> | undefined;
  readonly headlessService: Stored<Service> | undefined;
  readonly serveService: Stored<Service> | undefined;
  readonly ingress: Stored<Ingress> | undefined;
  readonly gcsClaim: Stored<PersistentVolumeClaim> | undefined;
  readonly cleanupJob: Stored<Job> | undefined;
  /** The job's pod. */
  readonly cleanupPod: Stored<Pod> | undefined;
  /** Those that this cluster controls. */
  readonly budgets: readonly Stored<PodDisruptionBudget>[];
  readonly networkPolicies: readonly Stored<NetworkPolicy>[];
}
