import { labels } from "../api/names.ts";
import type { RayService } from "../api/ray-service.ts";

/** Annotations of clusters and Services that only this folder reads. */
export const serviceAnnotations = {
  /** On a RayCluster: the Serve config that it should run now. It repairs a cluster that has lost it. */
  serveConfig: "manta.io/serve-config",
  /** On a RayCluster: hash of the config, capacity and template that its head has taken. */
  appliedConfig: "manta.io/applied-serve-config",
  /** On a RayCluster: hash of the sizes that the RayService last asked for. Later changes by others stay. */
  scaleHash: "manta.io/scale-hash",
  /** On a Service, Gateway or route: hash of what was applied. */
  appliedHash: "manta.io/applied-hash",
} as const;

/** Service of the head of the cluster that serves. */
export const headServiceName = (service: RayService): string => `${service.metadata.name}-head-svc`;

/** Service of the proxies of the cluster that serves: the user's name for it, else `<name>-serve-svc`. */
export const serveServiceName = (service: RayService): string =>
  service.spec.serveService?.metadata?.name ?? `${service.metadata.name}-serve-svc`;

/** Gateway of an incremental upgrade. */
export const gatewayName = (service: RayService): string => `${service.metadata.name}-gateway`;

/** Its route. */
export const routeName = (service: RayService): string => `${service.metadata.name}-httproute`;

/** A new cluster's name: `<name>-` and five characters of Kubernetes' own alphabet for names. */
export const newClusterName = (service: RayService, random: () => number): string => {
  const suffix = Array.from({ length: 5 }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
  return `${service.metadata.name}-${suffix}`;
};

/** Labels of what belongs to a RayService. */
export const originLabels = (service: RayService): Record<string, string> => ({
  [labels.originatedFromName]: service.metadata.name,
  [labels.originatedFromKind]: "RayService",
});

/** No vowels, so no words. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
