import type { Deployment, ReplicaSet, StatefulSet } from "kubernetes-types/apps/v1.d.ts";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type {
  Endpoints,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  ResourceQuota,
  Service,
} from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";

type Spec<T extends { spec?: unknown }> = NonNullable<T["spec"]>;
type Status<T extends { status?: unknown }> = NonNullable<T["status"]>;

/** Objects as the API serves them: with a spec, with a status once somebody wrote one. */
interface Typed<T extends { spec?: unknown; status?: unknown }> extends KubeObject {
  spec: Spec<T>;
  status?: Status<T>;
}

export interface DeploymentObject extends Typed<Deployment> {}
export interface ReplicaSetObject extends Typed<ReplicaSet> {}
export interface StatefulSetObject extends Typed<StatefulSet> {}
export interface JobObject extends Typed<Job> {}
export interface ServiceObject extends Typed<Service> {}
export interface NamespaceObject extends Typed<Namespace> {}
export interface ClaimObject extends Typed<PersistentVolumeClaim> {}
export interface VolumeObject extends Typed<PersistentVolume> {}
export interface BudgetObject extends Typed<PodDisruptionBudget> {}
export interface QuotaObject extends Typed<ResourceQuota> {}
export interface EndpointsObject extends KubeObject, Pick<Endpoints, "subsets"> {}
export interface SliceObject extends KubeObject, Pick<EndpointSlice, "endpoints" | "ports"> {
  addressType: string;
}
