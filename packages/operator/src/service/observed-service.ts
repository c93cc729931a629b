import type { Pod, Service } from "kubernetes-types/core/v1.d.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import type { Stored } from "../kube/objects.ts";
import type { Gateway, HttpRoute } from "./gateway-resources.ts";
import type { ProxyReport } from "./proxy-health.ts";
import type { ServeApplications } from "./serve-client.ts";

/** What a cluster's Serve REST said last. */
export interface AppsReport {
  /** The last good answer. */
  readonly applications: ServeApplications | undefined;
  /** Why the newest question had no good answer. */
  readonly error: string | undefined;
}

/** A pod of a cluster, with what its proxy says. */
export interface ServePod {
  readonly pod: Stored<Pod>;
  /** Undefined: not asked, or not answered yet. */
  readonly proxy: ProxyReport | undefined;
}

/** A cluster that a RayService has made. */
export interface ServeCluster {
  readonly cluster: RayCluster;
  /** Heads and workers, terminating ones included. */
  readonly pods: readonly ServePod[];
  /** Undefined: not asked, or not answered since something changed. */
  readonly apps: AppsReport | undefined;
  /** Of its own serve Service, in an incremental upgrade. */
  readonly serveService: Stored<Service> | undefined;
}

/** A RayService and what there is of it, from the caches and the pollers. */
export interface ObservedService {
  readonly service: RayService;
  /** By name; those on their way out too. */
  readonly clusters: ReadonlyMap<string, ServeCluster>;
  readonly headService: Stored<Service> | undefined;
  readonly serveService: Stored<Service> | undefined;
  /** All Services that belong to it. */
  readonly services: readonly Stored<Service>[];
  /** Uids of ready pods behind a Service, by the Service's name. */
  readonly readyEndpoints: (serviceName: string) => ReadonlySet<string>;
  /** Only read for an incremental upgrade, and while one is suspended or cleaned up. */
  readonly gateway: Stored<Gateway> | undefined;
  readonly route: Stored<HttpRoute> | undefined;
}
