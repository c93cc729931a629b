import type { ServicePort } from "kubernetes-types/core/v1.d.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";

/** Ports of a head whose container names none (reference, section 2.4). */
const defaultPorts: Readonly<Record<string, number>> = {
  client: 10_001,
  dashboard: 8_265,
  "gcs-server": 6_379,
  metrics: 8_080,
  serve: 8_000,
};

/** Ports of the head Service: those of the Ray container, metrics among them, in the order of their names. */
export const headPorts = (cluster: RayCluster): ServicePort[] => {
  const declared = cluster.spec.headGroupSpec.template.spec?.containers[0]?.ports ?? [];
  const named = Object.fromEntries(
    declared.map(({ name, containerPort }) => [name ?? `${containerPort}-port`, containerPort]),
  );
  const ports = declared.length === 0 ? defaultPorts : { metrics: 8_080, ...named };
  return Object.entries(ports)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, port]) => ({ name, port, targetPort: port, protocol: "TCP", appProtocol: "tcp" }));
};

/** Ports of proxies: those called `serve` or `serve-…`. */
export const servePorts = (cluster: RayCluster): ServicePort[] =>
  headPorts(cluster).filter(({ name }) => name === "serve" || name?.startsWith("serve-") === true);

/** Number of a head port by its name, else the default. */
export const headPortNumber = (cluster: RayCluster, name: "dashboard" | "serve" | "metrics"): number =>
  headPorts(cluster).find((port) => port.name === name)?.port ?? defaultPorts[name] ?? 0;
