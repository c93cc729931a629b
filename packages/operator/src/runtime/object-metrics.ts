import { Gauge, type Registry } from "prom-client";
import { clusterConditions, serviceConditions } from "../api/conditions.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import type { CacheView } from "../kube/cache-view.ts";
import { controllerOf, type Stored } from "../kube/objects.ts";

/** Adds the reference's figures of every cluster and service (`kuberay_*`), read from the caches at each scrape. */
export const addObjectMetrics = (
  registry: Registry,
  clusters: CacheView<RayCluster>,
  services: CacheView<RayService>,
): void => {
  const gauge = <T>(name: string, help: string, more: string[], objects: () => readonly T[], set: Set<T>): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ["name", "namespace", "uid", ...more],
      registers: [registry],
      collect() {
        this.reset();
        for (const object of objects()) set(this, object);
      },
    });
  const allClusters = (): readonly Stored<RayCluster>[] => clusters.list();
  const allServices = (): readonly Stored<RayService>[] => services.list();
  gauge("kuberay_cluster_info", "Every RayCluster", ["owner_kind"], allClusters, (to, cluster) =>
    to.set({ ...idOf(cluster), owner_kind: controllerOf(cluster)?.kind ?? "None" }, 1),
  );
  gauge("kuberay_cluster_condition_provisioned", "Was ready once", ["condition"], allClusters, (to, cluster) =>
    to.set({ ...idOf(cluster), condition: String(isTrue(cluster, clusterConditions.provisioned)) }, 1),
  );
  gauge("kuberay_cluster_provisioned_duration_seconds", "Until ready", [], allClusters, (to, cluster) => {
    const since = conditionsOf(cluster).find(({ type }) => type === clusterConditions.provisioned);
    if (since?.status !== "True") return;
    const durationMs = Date.parse(since.lastTransitionTime) - Date.parse(cluster.metadata.creationTimestamp);
    to.set(idOf(cluster), durationMs / 1_000);
  });
  gauge("kuberay_service_info", "Every RayService", [], allServices, (to, service) => to.set(idOf(service), 1));
  gauge("kuberay_service_condition_ready", "Serves", ["condition"], allServices, (to, service) =>
    to.set({ ...idOf(service), condition: String(isTrue(service, serviceConditions.ready)) }, 1),
  );
  gauge("kuberay_service_condition_upgrade_in_progress", "Changes", ["condition"], allServices, (to, service) =>
    to.set({ ...idOf(service), condition: String(isTrue(service, serviceConditions.upgradeInProgress)) }, 1),
  );
};

type Set<T> = (gauge: Gauge, object: T) => void;

const idOf = ({ metadata }: Stored): Record<string, string> => ({
  name: metadata.name,
  namespace: metadata.namespace ?? "",
  uid: metadata.uid,
});

const conditionsOf = (object: RayCluster | RayService) => object.status?.conditions ?? [];

const isTrue = (object: RayCluster | RayService, type: string): boolean =>
  conditionsOf(object).some((condition) => condition.type === type && condition.status === "True");
