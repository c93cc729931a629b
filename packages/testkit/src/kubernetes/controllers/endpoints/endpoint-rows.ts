import type { Endpoint, EndpointPort as SlicePort } from "kubernetes-types/discovery/v1.d.ts";
import type { NodeObject, Pod } from "../../kubelet/types.ts";
import { isReady } from "../objects/pod-state.ts";
import type { ServiceObject } from "../objects/types.ts";

/** A pod that a Service stands for, with the ports it has there. */
export interface EndpointRow {
  readonly address: string;
  readonly pod: Pod;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly hostname: string | undefined;
  readonly zone: string | undefined;
  readonly ports: readonly Required<Pick<SlicePort, "name" | "port" | "protocol">>[];
}

/**
 * The pods of a Service: those with an address that have not ended, by address.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
 */
export const endpointRows = (
  { spec, metadata }: ServiceObject,
  pods: readonly Pod[],
  nodeOf: (name: string) => NodeObject | undefined,
): EndpointRow[] =>
  pods
    .filter(({ status }) => status?.podIP && status.phase !== "Succeeded" && status.phase !== "Failed")
    .map((pod) => {
      const serving = isReady(pod);
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      const { hostname, subdomain, nodeName } = pod.spec;
      return {
        address: pod.status?.podIP ?? "",
        pod,
        ready: spec.publishNotReadyAddresses === true || (serving && !terminating),
        serving,
        terminating,
        hostname: hostname !== undefined && subdomain === metadata.name ? hostname : undefined,
        zone: nodeName === undefined ? undefined : nodeOf(nodeName)?.metadata.labels?.["topology.kubernetes.io/zone"],
        ports: portsOf(spec, pod),
      };
    })
    .toSorted((a, b) => (a.address < b.address ? -1 : 1));

/** A named target port is looked up in each pod; a pod that does not have it is left out of that port. */
const portsOf = ({ ports = [] }: ServiceObject["spec"], pod: Pod): EndpointRow["ports"] =>
  ports.flatMap(({ name = "", port, targetPort = port, protocol = "TCP" }) => {
    const number = typeof targetPort === "number" ? targetPort : namedPort(pod, targetPort, protocol);
    return number === undefined ? [] : [{ name, port: number, protocol }];
  });

const namedPort = ({ spec }: Pod, name: string, protocol: string): number | undefined =>
  [...spec.containers, ...(spec.initContainers ?? [])]
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.name === name && (port.protocol ?? "TCP") === protocol)?.containerPort;

/** As a slice tells it. */
export const sliceEndpoint = ({
  address,
  ready,
  serving,
  terminating,
  hostname,
  zone,
  pod,
}: EndpointRow): Endpoint => ({
  addresses: [address],
  conditions: { ready, serving, terminating },
  ...(hostname === undefined ? {} : { hostname }),
  ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  targetRef: targetOf(pod),
  ...(zone === undefined ? {} : { zone }),
});

/** Who is behind an address. */
export const targetOf = ({ metadata }: Pod): NonNullable<Endpoint["targetRef"]> => {
  const { namespace = "default", name, uid = "" } = metadata;
  return { kind: "Pod", namespace, name, uid };
};
