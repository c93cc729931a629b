import type { OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import { kinds, rayApiVersion } from "../../api/names.ts";
import type { RayService } from "../../api/ray-service.ts";

/** Makes an object go when its RayService goes, and wakes the RayService when the object changes. */
export const ownedByService = (service: RayService): OwnerReference => ({
  apiVersion: rayApiVersion,
  kind: kinds.rayService,
  name: service.metadata.name,
  uid: service.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});
