import type { KubeObject, OwnerReference } from "../../api/objects.ts";

/** Says that `owner` controls an object. https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ */
export const controllerReference = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

/** Who controls the object. */
export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

/** Those of them that `owner` controls. */
export const controlledBy = <T extends KubeObject>(owner: KubeObject, objects: readonly T[]): T[] =>
  objects.filter((object) => controllerOf(object)?.uid === owner.metadata.uid);
