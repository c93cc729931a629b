import type { Service } from "kubernetes-types/core/v1.d.ts";
import { kinds, labels, labelValues } from "../api/names.ts";
import { parseRayCluster, type RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import { serveServiceName as clusterServeServiceName } from "../cluster/build/names.ts";
import type { Caches } from "../kube/caches.ts";
import { controllerOf, type Stored } from "../kube/objects.ts";
import { memoParse } from "./memo-parse.ts";
import { headServiceName, serveServiceName } from "./names.ts";
import type { AppsReport, ObservedService, ServeCluster, ServePod } from "./observed-service.ts";
import type { ProxyReport } from "./proxy-health.ts";

/** What the pollers know. */
export interface Polled {
  readonly apps: (clusterUid: string) => AppsReport | undefined;
  readonly proxy: (podUid: string) => ProxyReport | undefined;
}

/** Gathers what the caches and the pollers have of a RayService. */
export const observeService = (
  service: RayService,
  caches: Caches,
  polled: Polled,
  gateway: Pick<ObservedService, "gateway" | "route">,
): ObservedService => {
  const { namespace } = service.metadata;
  const named = (name: string): Stored<Service> | undefined => caches.services.get({ namespace, name });
  const clusters = clustersOf(service, caches).map((cluster) => observeCluster(cluster, caches, polled));
  return {
    service,
    clusters: new Map(clusters.map((view) => [view.cluster.metadata.name, view])),
    headService: named(headServiceName(service)),
    serveService: named(serveServiceName(service)),
    services: caches.services
      .byLabel(namespace, labels.originatedFromName, service.metadata.name)
      .filter((found) => found.metadata.labels?.[labels.originatedFromKind] === kinds.rayService)
      .filter((found) => controllerOf(found)?.uid === service.metadata.uid),
    readyEndpoints: (serviceName) => readyEndpoints(caches, namespace, serviceName),
    ...gateway,
  };
};

/** One that cannot be read is a reason to stop, and not to take the RayService for the culprit. */
const parsed = memoParse((raw: RayCluster): RayCluster => {
  try {
    return parseRayCluster(raw);
  } catch (error) {
    if (raw.metadata.deletionTimestamp !== undefined) return raw;
    throw new Error(`RayCluster ${raw.metadata.name} cannot be read: ${String(error)}`, { cause: error });
  }
});

/** Those that this RayService controls: a former one of its name has another uid. */
const clustersOf = ({ metadata }: RayService, caches: Caches): RayCluster[] =>
  caches.rayClusters
    .byLabel(metadata.namespace, labels.originatedFromName, metadata.name)
    .filter((found) => controllerOf(found)?.uid === metadata.uid)
    .map((found) => parsed(found));

const observeCluster = (cluster: RayCluster, caches: Caches, polled: Polled): ServeCluster => {
  const { namespace, name, uid } = cluster.metadata;
  const pods = caches.pods
    .byLabel(namespace, labels.cluster, name)
    .filter((pod) => nodeTypes.has(pod.metadata.labels?.[labels.nodeType] ?? ""))
    .map((pod): ServePod => ({ pod, proxy: polled.proxy(pod.metadata.uid) }));
  return {
    cluster,
    pods,
    apps: polled.apps(uid),
    serveService: caches.services.get({ namespace, name: clusterServeServiceName(name) }),
  };
};

const nodeTypes: ReadonlySet<string> = new Set([labelValues.head, labelValues.worker]);

const readyEndpoints = (caches: Caches, namespace: string, serviceName: string): ReadonlySet<string> => {
  const slices = caches.endpointSlices.byLabel(namespace, "kubernetes.io/service-name", serviceName);
  const ready = slices.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions?.ready === true);
  return new Set(ready.flatMap(({ targetRef }) => (targetRef?.uid === undefined ? [] : [targetRef.uid])));
};
