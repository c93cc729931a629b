import type { Service } from "kubernetes-types/core/v1.d.ts";
import { annotations, kinds, labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { serveServiceName } from "./names.ts";
import { ownedBy } from "./owner.ts";
import { servePorts } from "./ports.ts";

/** Whether the user asks for a serve Service of the cluster itself. */
export const wantsServeService = (cluster: RayCluster): boolean =>
  cluster.metadata.annotations?.[annotations.enableServeService] === "true";

/**
 * Service of a cluster's proxies, of all its pods (reference, section 2.4). Throws where the head has no port that is
 * called `serve`.
 */
export const buildServeService = (cluster: RayCluster): Service => {
  const { name, namespace } = cluster.metadata;
  const ports = servePorts(cluster);
  if (ports.length === 0) {
    throw new Error('spec.headGroupSpec.template.spec.containers[0].ports must have one with name "serve", has none');
  }
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: serveServiceName(name),
      namespace,
      labels: {
        [labels.originatedFromName]: name,
        [labels.originatedFromKind]: kinds.rayCluster,
        [labels.serve]: `${name}-serve`,
      },
      ownerReferences: [ownedBy(cluster)],
    },
    spec: {
      type: cluster.spec.headGroupSpec.serviceType ?? "ClusterIP",
      selector: { [labels.cluster]: name },
      ports,
    },
  };
};
