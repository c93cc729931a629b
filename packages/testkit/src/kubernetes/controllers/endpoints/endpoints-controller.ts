import { isDeepStrictEqual } from "node:util";
import type { KubeObject, ResourceId } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import type { NodeObject, Pod } from "../../kubelet/types.ts";
import { createUnlessThere, deleteObject } from "../objects/delete-object.ts";
import { selectsLabels } from "../objects/selects-labels.ts";
import type { EndpointsObject, ServiceObject, SliceObject } from "../objects/types.ts";
import { type ControllerDeps, queueFor, type StartController } from "../runtime/controller.ts";
import { type Informer, keyOfObject } from "../runtime/informer.ts";
import { endpointRows } from "./endpoint-rows.ts";
import { managedBy, wantedEndpoints, wantedSlices } from "./wanted-endpoints.ts";

const serviceLabel = "kubernetes.io/service-name";

interface Caches {
  readonly services: Informer<ServiceObject>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<NodeObject>;
  readonly endpoints: Informer<EndpointsObject>;
  readonly slices: Informer<SliceObject>;
}

/**
 * Endpoints and EndpointSlices of Services with a selector, at once when a pod changes.
 * https://kubernetes.io/docs/concepts/services-networking/service/#endpoints
 */
export const startEndpoints: StartController = (deps) => {
  const { informers } = deps;
  const caches: Caches = {
    services: informers.of(resources.services),
    pods: informers.of(resources.pods),
    nodes: informers.of(resources.nodes),
    endpoints: informers.of(resources.endpoints),
    slices: informers.of(resources.endpointSlices),
  };
  const queue = queueFor(deps, "endpoints", (key) => reconcile(deps, caches, key));
  const { services, pods, endpoints, slices } = caches;
  services.onChange(({ object }) => queue.add(keyOfObject(object)));
  pods.onChange(({ object, previous, gone }) => {
    if (!gone && previous !== undefined && isSameEndpoint(object, previous)) return;
    for (const service of services.inNamespace(object.metadata.namespace))
      if ([object, previous].some((pod) => pod !== undefined && isOf(service, pod))) queue.add(keyOfObject(service));
  });
  // Whoever deletes or changes them gets them back.
  endpoints.onChange(({ object }) => queue.add(keyOfObject(object)));
  slices.onChange(({ object: { metadata } }) => {
    const service = metadata.labels?.[serviceLabel];
    if (service !== undefined) queue.add(`${metadata.namespace ?? ""}/${service}`);
  });
  return queue;
};

const isOf = ({ spec }: ServiceObject, pod: Pod): boolean =>
  spec.selector !== undefined && selectsLabels({ matchLabels: spec.selector }, pod.metadata.labels);

/** Most changes of a pod's status mean nothing here. */
const isSameEndpoint = (a: Pod, b: Pod): boolean =>
  a.status?.podIP === b.status?.podIP &&
  a.status?.phase === b.status?.phase &&
  a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
  isDeepStrictEqual(a.status?.conditions, b.status?.conditions) &&
  isDeepStrictEqual(a.metadata.labels, b.metadata.labels);

const reconcile = async ({ access }: ControllerDeps, caches: Caches, key: string): Promise<undefined> => {
  const [namespace = "", name = ""] = key.split("/");
  const service = caches.services.get(namespace, name);
  const ownSlices = caches.slices
    .labelled(namespace, { [serviceLabel]: name })
    .filter(({ metadata }) => metadata.labels?.["endpointslice.kubernetes.io/managed-by"] === managedBy);
  const endpoints = caches.endpoints.get(namespace, name);
  if (service === undefined || service.spec.type === "ExternalName") {
    if (endpoints !== undefined) await deleteObject(access, resources.endpoints, endpoints);
    for (const slice of ownSlices) await deleteObject(access, resources.endpointSlices, slice);
    return undefined;
  }
  const { selector } = service.spec;
  // Without a selector the endpoints are the user's own.
  if (selector === undefined || service.metadata.deletionTimestamp !== undefined) return undefined;
  const rows = endpointRows(service, caches.pods.labelled(namespace, selector), (node) =>
    caches.nodes.get(undefined, node),
  );
  const wanted = wantedSlices(service, rows);
  for (const slice of wanted) {
    const present = caches.slices.get(namespace, slice.metadata.name);
    await bring(access, resources.endpointSlices, slice, present, ["endpoints", "ports"]);
  }
  await bring(access, resources.endpoints, wantedEndpoints(service, rows), endpoints, ["subsets"]);
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  for (const slice of ownSlices)
    if (!names.has(slice.metadata.name)) await deleteObject(access, resources.endpointSlices, slice);
  return undefined;
};

/** Creates it, or changes what is different. */
const bring = async (
  access: ControllerDeps["access"],
  resource: ResourceId,
  wanted: KubeObject,
  present: KubeObject | undefined,
  fields: readonly string[],
): Promise<void> => {
  if (present === undefined) {
    await createUnlessThere(access, resource, wanted);
    return;
  }
  const { labels, resourceVersion } = present.metadata;
  const same = fields.every((field) => isDeepStrictEqual(present[field] ?? [], wanted[field] ?? []));
  if (same && isDeepStrictEqual(labels, wanted.metadata.labels)) return;
  const metadata = {
    ...present.metadata,
    labels: wanted.metadata.labels ?? {},
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const changed = Object.fromEntries(fields.map((field) => [field, wanted[field]]));
  await access.update(resource, { ...present, metadata, ...changed });
};
