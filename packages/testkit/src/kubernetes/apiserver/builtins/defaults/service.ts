import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { PrepareContext } from "../../plugins.ts";

const affinitySeconds = 10_800;

/** Defaults of a Service but its address, which admission allocates. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
export const defaultService = (service: Service, { old, operation }: PrepareContext): void => {
  const { spec } = service;
  if (spec === undefined) return;
  spec.type ??= "ClusterIP";
  spec.sessionAffinity ??= "None";
  if (spec.sessionAffinity === "ClientIP")
    spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: affinitySeconds } };
  for (const port of spec.ports ?? []) {
    port.protocol ??= "TCP";
    port.targetPort ??= port.port;
  }
  if (spec.type === "ExternalName") return;
  spec.internalTrafficPolicy ??= "Cluster";
  spec.ipFamilies ??= ["IPv4"];
  spec.ipFamilyPolicy ??= "SingleStack";
  if (spec.type !== "ClusterIP") spec.externalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
  const before = (old as Service | undefined)?.spec;
  // An update that leaves the address out means the one there is.
  if (operation === "UPDATE" && before?.clusterIP !== undefined && (spec.clusterIP ?? "") === "") {
    spec.clusterIP = before.clusterIP;
    if (before.clusterIPs !== undefined) spec.clusterIPs = [...before.clusterIPs];
  }
  if ((spec.clusterIP ?? "") !== "") spec.clusterIPs ??= [spec.clusterIP ?? ""];
};
