import type { Service } from "kubernetes-types/core/v1.d.ts";
import { labels, labelValues } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { podSelector } from "./labels.ts";
import { headlessServiceName } from "./names.ts";
import { ownedBy } from "./owner.ts";

/** Names for the workers of groups with several hosts a replica; undefined where there is no such group. */
export const buildHeadlessService = (cluster: RayCluster): Service | undefined => {
  if (!(cluster.spec.workerGroupSpecs ?? []).some(({ numOfHosts }) => numOfHosts > 1)) return undefined;
  const { name, namespace } = cluster.metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: headlessServiceName(name),
      namespace,
      labels: { [labels.headlessWorkerService]: name },
      ownerReferences: [ownedBy(cluster)],
    },
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: podSelector(name, labelValues.worker),
    },
  };
};
