import type {
  NetworkPolicy,
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "kubernetes-types/networking/v1.d.ts";
import { labels, labelValues } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { clusterLabels, groupSelector, podSelector } from "./labels.ts";
import { groupScopedName, headScopedName } from "./names.ts";
import { ownedBy } from "./owner.ts";
import { headPortNumber, headPorts, servePorts } from "./ports.ts";

/** One policy's own part. */
interface Side {
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly isHead: boolean;
  readonly ingress: readonly NetworkPolicyIngressRule[];
  readonly egress: readonly NetworkPolicyEgressRule[];
}

/**
 * Who may speak with the cluster's pods: one policy for the heads and one for each worker group. Without
 * `spec.networkPolicy` everybody may reach what serves (proxies, metrics, and what a Service or Ingress of the user
 * opens), and only the cluster itself and the operator the rest. With it, its mode and rules hold to the letter.
 */
export const buildNetworkPolicies = (cluster: RayCluster, options: ClusterOptions): NetworkPolicy[] => {
  const given = cluster.spec.networkPolicy;
  if (given?.mode === "None" || (given === undefined && !options.networkPolicies)) return [];
  return sides(cluster).map((side) => policy(cluster, side, options));
};

const sides = (cluster: RayCluster): Side[] => {
  const { name } = cluster.metadata;
  const given = cluster.spec.networkPolicy;
  const head: Side = {
    name: headScopedName(name),
    selector: podSelector(name, labelValues.head),
    isHead: true,
    ingress: given?.head?.ingressRules ?? [],
    egress: given?.head?.egressRules ?? [],
  };
  const groups = (cluster.spec.workerGroupSpecs ?? []).map(({ groupName }): Side => {
    const own = given?.workerGroups?.find((rules) => rules.groupName === groupName);
    return {
      name: groupScopedName(name, groupName),
      selector: { ...podSelector(name, labelValues.worker), ...groupSelector(name, groupName) },
      isHead: false,
      ingress: [...(given?.worker?.ingressRules ?? []), ...(own?.ingressRules ?? [])],
      egress: [...(given?.worker?.egressRules ?? []), ...(own?.egressRules ?? [])],
    };
  });
  return [head, ...groups];
};

const policy = (cluster: RayCluster, side: Side, options: ClusterOptions): NetworkPolicy => {
  const mode = cluster.spec.networkPolicy?.mode ?? "DenyAllIngress";
  const inside: NetworkPolicyPeer = { podSelector: { matchLabels: { [labels.cluster]: cluster.metadata.name } } };
  const deniesIngress = mode !== "DenyAllEgress";
  const deniesEgress = mode !== "DenyAllIngress";
  const open = cluster.spec.networkPolicy === undefined ? openPorts(cluster, side) : [];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: side.name,
      namespace: cluster.metadata.namespace,
      labels: clusterLabels(cluster),
      ownerReferences: [ownedBy(cluster)],
    },
    spec: {
      podSelector: { matchLabels: { ...side.selector } },
      policyTypes: [...(deniesIngress ? ["Ingress"] : []), ...(deniesEgress ? ["Egress"] : [])],
      ...(deniesIngress
        ? {
            ingress: [
              { from: [inside] },
              { from: [operatorPeer(options)] },
              ...(open.length === 0 ? [] : [{ ports: open }]),
              ...side.ingress,
            ],
          }
        : {}),
      ...(deniesEgress ? { egress: [{ to: [inside] }, ...side.egress] } : {}),
    },
  };
};

const operatorPeer = ({ operatorNamespace, operatorPodLabels }: ClusterOptions): NetworkPolicyPeer => ({
  namespaceSelector:
    operatorNamespace === "" ? {} : { matchLabels: { "kubernetes.io/metadata.name": operatorNamespace } },
  podSelector: { matchLabels: { ...operatorPodLabels } },
});

/** What is there for others: the proxies and the metrics; on a head also what the user opens to the outside. */
const openPorts = (cluster: RayCluster, { isHead }: Side): NetworkPolicyPort[] => {
  const named = servePorts(cluster).map(({ port }) => port);
  const serving = named.length === 0 ? [headPortNumber(cluster, "serve")] : named;
  const { serviceType, headService, enableIngress } = cluster.spec.headGroupSpec;
  const type = headService?.spec?.type ?? serviceType ?? "ClusterIP";
  const published = isHead && type !== "ClusterIP" ? headPorts(cluster).map(({ port }) => port) : [];
  const dashboard = isHead && enableIngress === true ? [headPortNumber(cluster, "dashboard")] : [];
  const ports = [...serving, headPortNumber(cluster, "metrics"), ...published, ...dashboard];
  return [...new Set(ports)].toSorted((left, right) => left - right).map((port) => ({ protocol: "TCP", port }));
};
