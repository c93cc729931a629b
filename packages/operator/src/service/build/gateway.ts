import { labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { RayService } from "../../api/ray-service.ts";
import { serveServiceName } from "../../cluster/build/names.ts";
import { headPortNumber } from "../../cluster/build/ports.ts";
import type { BackendRef, Gateway, HttpRoute } from "../gateway-resources.ts";
import { gatewayName, originLabels, routeName } from "../names.ts";
import { ownedByService } from "./owner.ts";

/** Gateway of an incremental upgrade (reference, section 4.9). */
export const buildGateway = (service: RayService): Gateway => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: metadataOf(service, gatewayName(service)),
  spec: {
    gatewayClassName: service.spec.upgradeStrategy?.clusterUpgradeOptions?.gatewayClassName ?? "",
    listeners: [{ name: "http", protocol: "HTTP", port: 80 }],
  },
});

/** A cluster that gets this share of the traffic, in percent. */
export interface WeightedCluster {
  readonly cluster: RayCluster;
  readonly weight: number;
}

/** Its route: to the active cluster first, then to the pending one. */
export const buildHttpRoute = (service: RayService, backends: readonly WeightedCluster[]): HttpRoute => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: metadataOf(service, routeName(service)),
  spec: {
    parentRefs: [{ name: gatewayName(service), namespace: service.metadata.namespace }],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        backendRefs: backends.map(
          ({ cluster, weight }): BackendRef => ({
            name: serveServiceName(cluster.metadata.name),
            port: headPortNumber(cluster, "serve"),
            weight,
          }),
        ),
      },
    ],
  },
});

const metadataOf = (service: RayService, name: string): NonNullable<Gateway["metadata"]> => ({
  name,
  namespace: service.metadata.namespace,
  labels: { ...originLabels(service), [labels.appName]: "kuberay" },
  ownerReferences: [ownedByService(service)],
});
