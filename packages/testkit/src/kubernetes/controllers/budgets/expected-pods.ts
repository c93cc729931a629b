import type { CustomResourceDefinition } from "kubernetes-types/apiextensions/v1.d.ts";
import type { KubeObject, OwnerReference } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import type { Pod } from "../../kubelet/types.ts";
import { controllerOf } from "../objects/ownership.ts";
import type { Informers } from "../runtime/informers.ts";

interface Definition extends KubeObject, Pick<CustomResourceDefinition, "spec"> {}

const builtin = {
  Deployment: resources.deployments,
  ReplicaSet: resources.replicaSets,
  StatefulSet: resources.statefulSets,
} as const;

/**
 * How many pods the controllers of these want, by their `scale`; a text where one has none: percentages and
 * `maxUnavailable` work with such controllers only.
 * https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors
 */
export const expectedPods = (informers: Informers, pods: readonly Pod[]): number | string => {
  const controllers = new Map<string, { readonly pod: Pod; readonly reference: OwnerReference }>();
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined) return `found no controllers for pod "${pod.metadata.name}"`;
    controllers.set(reference.uid, { pod, reference });
  }
  let sum = 0;
  for (const { pod, reference } of controllers.values()) {
    const replicas = replicasOf(informers, pod.metadata.namespace, reference);
    if (replicas === undefined) return `${reference.kind} ${reference.name} does not implement the scale subresource`;
    sum += replicas;
  }
  return sum;
};

const replicasOf = (
  informers: Informers,
  namespace: string | undefined,
  { kind, name, apiVersion }: OwnerReference,
): number | undefined => {
  if (apiVersion.startsWith("apps/") && kind in builtin) {
    const object = informers.of(builtin[kind as keyof typeof builtin]).get(namespace, name);
    return numberAt(object, ".spec.replicas");
  }
  const [group, version = ""] = apiVersion.split("/");
  const definition = informers
    .of<Definition>(resources.customResourceDefinitions)
    .all()
    .find(({ spec }) => spec.group === group && spec.names.kind === kind);
  const path = definition?.spec.versions.find((each) => each.name === version)?.subresources?.scale?.specReplicasPath;
  if (definition === undefined || path === undefined) return undefined;
  const { spec } = definition;
  return numberAt(informers.of({ group: spec.group, version, plural: spec.names.plural }).get(namespace, name), path);
};

const numberAt = (object: unknown, path: string): number | undefined => {
  const value = path
    .split(".")
    .filter(Boolean)
    .reduce<unknown>(
      (at, field) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[field] : undefined),
      object,
    );
  return typeof value === "number" ? value : undefined;
};
