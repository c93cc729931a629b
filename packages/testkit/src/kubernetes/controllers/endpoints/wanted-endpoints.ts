import type { EndpointAddress, EndpointSubset } from "kubernetes-types/core/v1.d.ts";
import { controllerLimits } from "../limits.ts";
import { controllerReference } from "../objects/ownership.ts";
import { shortHash } from "../objects/template-hash.ts";
import type { EndpointsObject, ServiceObject, SliceObject } from "../objects/types.ts";
import { type EndpointRow, sliceEndpoint, targetOf } from "./endpoint-rows.ts";

const headlessLabel = "service.kubernetes.io/headless";
export const managedBy = "endpointslice-controller.k8s.io";
const nameLengthMax = 50;

/** The EndpointSlices of a Service: one for each set of ports, an empty one where there is no pod. */
export const wantedSlices = (service: ServiceObject, rows: readonly EndpointRow[]): SliceObject[] => {
  const groups = [...byPorts(rows)].flatMap(([key, group]) =>
    chunks(group, controllerLimits.endpointsPerSlice).map((chunk, index) => ({ key: `${key} ${index}`, chunk })),
  );
  return (groups.length === 0 ? [{ key: "empty", chunk: [] }] : groups).map(({ key, chunk }) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      // The same at any time, so that a slice that is there is changed, not replaced.
      name: `${service.metadata.name.slice(0, nameLengthMax)}-${shortHash([service.metadata.uid, key]).slice(0, 5)}`,
      ...(service.metadata.namespace === undefined ? {} : { namespace: service.metadata.namespace }),
      labels: {
        ...service.metadata.labels,
        ...(service.spec.clusterIP === "None" ? { [headlessLabel]: "" } : {}),
        "kubernetes.io/service-name": service.metadata.name,
        "endpointslice.kubernetes.io/managed-by": managedBy,
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: "IPv4",
    endpoints: chunk.map(sliceEndpoint),
    ports: [...(chunk[0]?.ports ?? [])],
  }));
};

/** The Endpoints object of a Service, for whoever still reads it. Pods that terminate are not in it. */
export const wantedEndpoints = (service: ServiceObject, rows: readonly EndpointRow[]): EndpointsObject => {
  const publishes = service.spec.publishNotReadyAddresses === true;
  const shown = rows.filter(({ terminating }) => publishes || !terminating);
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: service.metadata.name,
      ...(service.metadata.namespace === undefined ? {} : { namespace: service.metadata.namespace }),
      labels: {
        ...service.metadata.labels,
        ...(service.spec.clusterIP === "None" ? { [headlessLabel]: "" } : {}),
        "endpoints.kubernetes.io/managed-by": "endpoint-controller",
      },
    },
    subsets: [...byPorts(shown).values()].map((group) => subsetOf(group)),
  };
};

const subsetOf = (rows: readonly EndpointRow[]): EndpointSubset => {
  const ready = rows.filter((row) => row.ready);
  const notReady = rows.filter((row) => !row.ready);
  const ports = (rows[0]?.ports ?? []).map(({ name, ...port }) => (name === "" ? port : { name, ...port }));
  return {
    ...(ready.length === 0 ? {} : { addresses: ready.map(addressOf) }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.map(addressOf) }),
    ...(ports.length === 0 ? {} : { ports }),
  };
};

const addressOf = ({ address, hostname, pod }: EndpointRow): EndpointAddress => ({
  ip: address,
  ...(hostname === undefined ? {} : { hostname }),
  ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  targetRef: targetOf(pod),
});

const byPorts = (rows: readonly EndpointRow[]): Map<string, EndpointRow[]> =>
  Map.groupBy(rows, ({ ports }) => JSON.stringify(ports));

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
