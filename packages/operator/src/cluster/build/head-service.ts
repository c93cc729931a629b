import type { Service, ServicePort } from "kubernetes-types/core/v1.d.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { headServiceLabels } from "./labels.ts";
import { headServiceName } from "./names.ts";
import { ownedBy } from "./owner.ts";
import { headPorts } from "./ports.ts";

/**
 * Service of the head pods (reference, section 2.4). It has no address of its own unless the user wants one, and names
 * pods that are not ready too: a worker finds a head that is only starting.
 */
export const buildHeadService = (cluster: RayCluster, options: ClusterOptions): Service => {
  const { headGroupSpec, headServiceAnnotations } = cluster.spec;
  const ownLabels = headServiceLabels(cluster);
  const user = headGroupSpec.headService;
  const type = headGroupSpec.serviceType ?? "ClusterIP";
  const headless = user === undefined && type === "ClusterIP" && !options.headClusterIp;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: headServiceName(cluster),
      namespace: cluster.metadata.namespace,
      labels: { ...user?.metadata?.labels, ...ownLabels },
      annotations: { ...user?.metadata?.annotations, ...headServiceAnnotations },
      ownerReferences: [ownedBy(cluster)],
    },
    spec: {
      ...(headless ? { clusterIP: "None", publishNotReadyAddresses: true } : {}),
      ...(user === undefined ? { type } : user.spec),
      selector: ownLabels,
      ports: user === undefined ? headPorts(cluster) : mergedPorts(user.spec?.ports ?? [], headPorts(cluster)),
    },
  };
};

/** The user's own first; what he has named or numbered is his. */
const mergedPorts = (user: readonly ServicePort[], own: readonly ServicePort[]): ServicePort[] => {
  const names = new Set(user.map(({ name }) => name));
  const numbers = new Set(user.map(({ port }) => port));
  return [...user, ...own.filter(({ name, port }) => !names.has(name) && !numbers.has(port))];
};
