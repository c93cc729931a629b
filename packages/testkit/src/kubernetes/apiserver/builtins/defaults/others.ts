import type {
  Endpoints,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
} from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "kubernetes-types/rbac/v1.d.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";
import type { PrepareContext } from "../../plugins.ts";

const rbacGroup = "rbac.authorization.k8s.io";

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#automatic-labelling */
export const defaultNamespace = (namespace: Namespace, { operation }: PrepareContext): void => {
  namespace.metadata ??= {};
  namespace.metadata.labels = {
    ...namespace.metadata.labels,
    "kubernetes.io/metadata.name": namespace.metadata.name ?? "",
  };
  if (operation !== "CREATE") return;
  namespace.spec = { finalizers: ["kubernetes"] };
  namespace.status = { phase: "Active" };
};

/** https://kubernetes.io/docs/concepts/configuration/secret/ */
export const defaultSecret = (secret: Secret): void => {
  secret.type ??= "Opaque";
  if (secret.stringData === undefined) return;
  secret.data ??= {};
  for (const [key, value] of Object.entries(secret.stringData))
    secret.data[key] = Buffer.from(value).toString("base64");
  delete secret.stringData;
};

export const defaultClaim = (claim: PersistentVolumeClaim, { operation }: PrepareContext): void => {
  if (claim.spec !== undefined) {
    claim.spec.volumeMode ??= "Filesystem";
  }
  if (operation === "CREATE") Object.assign(claim, { status: { phase: "Pending" } });
};

export const defaultVolume = (volume: PersistentVolume, { operation }: PrepareContext): void => {
  if (volume.spec !== undefined) {
    volume.spec.volumeMode ??= "Filesystem";
    volume.spec.persistentVolumeReclaimPolicy ??= "Retain";
  }
  if (operation === "CREATE") Object.assign(volume, { status: { phase: "Pending" } });
};

export const defaultEndpoints = ({ subsets }: Endpoints): void => {
  for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ??= "TCP";
};

export const defaultEndpointSlice = ({ ports }: EndpointSlice): void => {
  for (const port of ports ?? []) {
    port.name ??= "";
    port.protocol ??= "TCP";
  }
};

export const defaultNetworkPolicy = ({ spec }: NetworkPolicy): void => {
  if (spec === undefined) return;
  spec.policyTypes ??= spec.egress === undefined ? ["Ingress"] : ["Ingress", "Egress"];
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  }
};

export const defaultStorageClass = (storageClass: StorageClass): void => {
  storageClass.reclaimPolicy ??= "Delete";
  storageClass.volumeBindingMode ??= "Immediate";
};

export const defaultRole = (role: Role | ClusterRole): void => {
  role.rules ??= [];
};

export const defaultBinding = (binding: RoleBinding | ClusterRoleBinding): void => {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ??= rbacGroup;
  }
};
