import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { Lease } from "kubernetes-types/coordination/v1.d.ts";
import type {
  Endpoints,
  Node,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { Event } from "kubernetes-types/events/v1.d.ts";
import type { Ingress, NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { Role, RoleBinding } from "kubernetes-types/rbac/v1.d.ts";
import type { KubeObject } from "./objects.ts";

declare const objectType: unique symbol;

/** A resource of the API, and by its type parameter what its objects look like. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** As in the path, such as `pods`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Only for the compiler. */
  readonly [objectType]?: T;
}

/** Names a resource; `defineResource<RayCluster>("ray.io", "v1", "rayclusters", "RayCluster")`. */
export const defineResource = <T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced = true,
): Resource<T> => Object.freeze({ group, version, plural, kind, namespaced });

/** `v1`, `apps/v1`. */
export const apiVersionOf = (resource: Resource): string =>
  resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;

/** The built-in resources the operator works with. */
export const resources = {
  pods: defineResource<Pod>("", "v1", "pods", "Pod"),
  services: defineResource<Service>("", "v1", "services", "Service"),
  endpoints: defineResource<Endpoints>("", "v1", "endpoints", "Endpoints"),
  secrets: defineResource<Secret>("", "v1", "secrets", "Secret"),
  serviceAccounts: defineResource<ServiceAccount>("", "v1", "serviceaccounts", "ServiceAccount"),
  persistentVolumeClaims: defineResource<PersistentVolumeClaim>(
    "",
    "v1",
    "persistentvolumeclaims",
    "PersistentVolumeClaim",
  ),
  nodes: defineResource<Node>("", "v1", "nodes", "Node", false),
  jobs: defineResource<Job>("batch", "v1", "jobs", "Job"),
  endpointSlices: defineResource<EndpointSlice>("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
  leases: defineResource<Lease>("coordination.k8s.io", "v1", "leases", "Lease"),
  events: defineResource<Event>("events.k8s.io", "v1", "events", "Event"),
  roles: defineResource<Role>("rbac.authorization.k8s.io", "v1", "roles", "Role"),
  roleBindings: defineResource<RoleBinding>("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
  ingresses: defineResource<Ingress>("networking.k8s.io", "v1", "ingresses", "Ingress"),
  networkPolicies: defineResource<NetworkPolicy>("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
  podDisruptionBudgets: defineResource<PodDisruptionBudget>(
    "policy",
    "v1",
    "poddisruptionbudgets",
    "PodDisruptionBudget",
  ),
} as const;
