import type { KubeObject } from "../../api/objects.ts";
import { isObject } from "../json.ts";

/**
 * Whether an object that is being deleted has nothing that keeps it: no finalizers, no grace left.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
 */
export const mayGo = (object: KubeObject): boolean => {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizers.length === 0 &&
    !hasNamespaceFinalizers(object)
  );
};

/** Namespaces have finalizers of their own in `spec`. https://kubernetes.io/docs/tasks/administer-cluster/namespaces/ */
export const hasNamespaceFinalizers = (object: KubeObject): boolean => {
  if (object.kind !== "Namespace" || object.apiVersion !== "v1" || !isObject(object["spec"])) return false;
  const { finalizers } = object["spec"];
  return Array.isArray(finalizers) && finalizers.length > 0;
};
