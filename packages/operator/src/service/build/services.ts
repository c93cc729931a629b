import type { Service, ServicePort } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { RayService } from "../../api/ray-service.ts";
import { buildHeadService } from "../../cluster/build/head-service.ts";
import { headServiceLabels } from "../../cluster/build/labels.ts";
import { checkLabel, serveServiceName as clusterServeServiceName } from "../../cluster/build/names.ts";
import { ownedBy } from "../../cluster/build/owner.ts";
import { servePorts } from "../../cluster/build/ports.ts";
import type { ClusterOptions } from "../../cluster/cluster-options.ts";
import { headServiceName, originLabels, serveServiceName } from "../names.ts";
import { ownedByService } from "./owner.ts";

/** Service of the head of the cluster that serves: as that cluster's own, under a name that stays (reference, section 2.4). */
export const buildServiceHeadService = (service: RayService, cluster: RayCluster, options: ClusterOptions): Service => {
  const own = buildHeadService(cluster, options);
  const { metadata } = own;
  const userLabels = cluster.spec.headGroupSpec.headService?.metadata?.labels ?? {};
  return {
    ...own,
    metadata: {
      name: headServiceName(service),
      namespace: service.metadata.namespace,
      labels: {
        ...userLabels,
        ...originLabels(service),
        [labels.nodeType]: "head",
        [labels.identifier]: checkLabel(`${service.metadata.name}-head`),
      },
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [ownedByService(service)],
    },
    spec: { ...own.spec, selector: headServiceLabels(cluster) },
  };
};

/** Service of the proxies of the cluster that serves. Throws where nothing says which port that is. */
export const buildServiceServeService = (service: RayService, cluster: RayCluster): Service => {
  const user = service.spec.serveService;
  const ports = mergedPorts(user?.spec?.ports ?? [], servePorts(cluster));
  if (ports.length === 0) throw new Error(noPort);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: serveServiceName(service),
      namespace: service.metadata.namespace,
      labels: { ...user?.metadata?.labels, ...serveLabels(service) },
      ...(user?.metadata?.annotations === undefined ? {} : { annotations: user.metadata.annotations }),
      ownerReferences: [ownedByService(service)],
    },
    spec: {
      ...user?.spec,
      type: user?.spec?.type ?? cluster.spec.headGroupSpec.serviceType ?? "ClusterIP",
      selector: serveSelector(cluster),
      ports,
    },
  };
};

/** Service of the proxies of one cluster, to which a route of an incremental upgrade sends. It goes with its cluster. */
export const buildClusterServeService = (service: RayService, cluster: RayCluster): Service => {
  const ports = servePorts(cluster);
  if (ports.length === 0) throw new Error(noPort);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: clusterServeServiceName(cluster.metadata.name),
      namespace: service.metadata.namespace,
      labels: { ...originLabels(service), [labels.serve]: checkLabel(`${cluster.metadata.name}-serve`) },
      ownerReferences: [ownedBy(cluster)],
    },
    spec: {
      type: cluster.spec.headGroupSpec.serviceType ?? "ClusterIP",
      selector: serveSelector(cluster),
      ports,
    },
  };
};

const noPort =
  'spec.rayClusterConfig.headGroupSpec.template.spec.containers[0].ports must have one with name "serve", or spec.serveService must name its ports';

const serveLabels = (service: RayService): Record<string, string> => ({
  ...originLabels(service),
  [labels.serve]: checkLabel(`${service.metadata.name}-serve`),
});

const serveSelector = (cluster: RayCluster): Record<string, string> => ({
  [labels.cluster]: cluster.metadata.name,
  [labels.serve]: "true",
});

/** The user's definition of a port of the same name wins; his others count only where the head has none. */
const mergedPorts = (user: readonly ServicePort[], own: readonly ServicePort[]): ServicePort[] =>
  own.length === 0 ? [...user] : own.map((port) => user.find(({ name }) => name === port.name) ?? port);
