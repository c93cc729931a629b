import type { OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import { kinds, rayApiVersion } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";

/** Makes an object go when its cluster goes, and wakes the cluster when the object changes. */
export const ownedBy = (cluster: RayCluster): OwnerReference => ({
  apiVersion: rayApiVersion,
  kind: kinds.rayCluster,
  name: cluster.metadata.name,
  uid: cluster.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});
