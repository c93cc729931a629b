import type { Container, Node, PodSpec, PodStatus } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../api/objects.ts";

/** A pod as the API serves it. */
export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}

/** A node as the API serves it. */
export interface NodeObject extends KubeObject {
  spec?: NonNullable<Node["spec"]>;
  status?: NonNullable<Node["status"]>;
}

/** A container of a pod; an init container with `restartPolicy: Always` is a sidecar. */
export type ContainerSpec = Container;

/** `namespace/name`. */
export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ""}/${object.metadata.name}`;

/** The object's uid. Throws where there is none: what came from the API has one. */
export const uidOf = (object: KubeObject): string => {
  const { uid } = object.metadata;
  if (uid === undefined) throw new TypeError(`${object.kind} ${keyOf(object)} has no metadata.uid`);
  return uid;
};

/** A pod's namespace. */
export const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? "default";

/** Whether the pod has ended for good. */
export const hasEnded = (pod: Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
