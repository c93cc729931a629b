import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { KubeObject } from "../api/objects.ts";

/** Where a connection may go. */
export interface Backend {
  readonly host: string;
  readonly port: number;
}

/** One port of a Service. */
export interface ServicePort {
  readonly host: string;
  readonly port: number;
  /** For messages: `namespace/name:port`. */
  readonly label: string;
  readonly backends: readonly Backend[];
}

/** A name of an address; `namespace`: it holds there only. */
export interface NameEntry {
  readonly address: string;
  readonly names: readonly string[];
  readonly namespace?: string;
}

/** What a cluster's Services mean for its network. */
export interface ServiceTable {
  readonly ports: readonly ServicePort[];
  readonly names: readonly NameEntry[];
}

type Slice = KubeObject & Pick<EndpointSlice, "endpoints" | "ports">;
type Endpoint = NonNullable<Slice["endpoints"]>[number];

/** Derives it from Services and EndpointSlices alone, as kube-proxy and the cluster's DNS do. `nodeIps`: where node ports are. */
export const serviceTable = (
  services: readonly KubeObject[],
  slices: readonly KubeObject[],
  dnsDomain: string,
  nodeIps: readonly string[],
): ServiceTable => {
  const byService = Map.groupBy(slices as readonly Slice[], (slice) =>
    [slice.metadata.namespace, slice.metadata.labels?.["kubernetes.io/service-name"]].join("/"),
  );
  const ports: ServicePort[] = [];
  const names: NameEntry[] = [];
  for (const service of services) {
    const { namespace = "default", name } = service.metadata;
    const spec = (service.spec ?? {}) as NonNullable<Service["spec"]>;
    const own = byService.get(`${namespace}/${name}`) ?? [];
    const fqdns = [`${name}.${namespace}.svc.${dnsDomain}`, `${name}.${namespace}.svc`, `${name}.${namespace}`];
    const addName = (address: string): void => {
      names.push({ address, names: fqdns }, { address, names: [name], namespace });
    };
    if (spec.clusterIP === "None") {
      const listed = own.flatMap((slice) => (slice.endpoints ?? []).filter((endpoint) => isPublished(spec, endpoint)));
      for (const address of new Set(listed.flatMap(({ addresses }) => addresses))) addName(address);
      names.push(...listed.flatMap((endpoint) => hostnameEntries(endpoint, fqdns, name, namespace)));
    } else if (spec.clusterIP) {
      addName(spec.clusterIP);
      ports.push(...portsOf(service, spec, own, nodeIps));
    }
  }
  return { ports, names };
};

/** https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-hostname-and-subdomain-fields */
const hostnameEntries = (
  { hostname, addresses }: Endpoint,
  fqdns: readonly string[],
  name: string,
  namespace: string,
): NameEntry[] => {
  if (!hostname) return [];
  return addresses.flatMap((address) => [
    { address, names: fqdns.map((fqdn) => `${hostname}.${fqdn}`) },
    { address, names: [`${hostname}.${name}`], namespace },
  ]);
};

const isPublished = (spec: NonNullable<Service["spec"]>, { conditions }: Endpoint): boolean =>
  spec.publishNotReadyAddresses === true || (conditions?.ready ?? true);

const portsOf = (
  service: KubeObject,
  spec: NonNullable<Service["spec"]>,
  slices: readonly Slice[],
  nodeIps: readonly string[],
): ServicePort[] =>
  (spec.ports ?? [])
    .filter(({ protocol = "TCP" }) => protocol === "TCP")
    .flatMap((port) => {
      const backends = backendsOf(slices, port.name ?? "");
      const label = `${service.metadata.namespace ?? "default"}/${service.metadata.name}:${port.port}`;
      const nodePort = port.nodePort;
      return [
        { host: spec.clusterIP ?? "", port: port.port, label, backends },
        ...(nodePort === undefined ? [] : nodeIps.map((host) => ({ host, port: nodePort, label, backends }))),
      ];
    });

/**
 * The ready ones; where there are none, those that are terminating and still serve.
 * https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-to-terminating-endpoints
 */
const backendsOf = (slices: readonly Slice[], portName: string): Backend[] => {
  const select = (usable: (endpoint: Endpoint) => boolean): Backend[] =>
    slices.flatMap((slice) => {
      const port = slice.ports?.find(({ name }) => (name ?? "") === portName)?.port;
      if (port === undefined) return [];
      return (slice.endpoints ?? [])
        .filter(usable)
        .flatMap(({ addresses }) => addresses.map((host) => ({ host, port })));
    });
  const ready = select(({ conditions }) => conditions?.ready ?? true);
  if (ready.length > 0) return ready;
  return select(({ conditions }) => conditions?.serving === true && conditions.terminating === true);
};
