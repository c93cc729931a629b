import type { Ingress } from "kubernetes-types/networking/v1.d.ts";
import { annotations, labels, labelValues } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { omit } from "../omit.ts";
import { clusterLabels } from "./labels.ts";
import { checkLabel, headServiceName, ingressName } from "./names.ts";
import { ownedBy } from "./owner.ts";
import { headPortNumber } from "./ports.ts";

/** Ingress in front of the dashboard (reference, section 2.5); undefined unless the user enables it. */
export const buildIngress = (cluster: RayCluster): Ingress | undefined => {
  const { enableIngress, ingressOptions } = cluster.spec.headGroupSpec;
  if (enableIngress !== true) return undefined;
  const { name, namespace } = cluster.metadata;
  const { [annotations.ingressClass]: ingressClassName, ...others } = cluster.metadata.annotations ?? {};
  const service = { name: headServiceName(cluster), port: { number: headPortNumber(cluster, "dashboard") } };
  const { path = "/", pathType = "Prefix", host, tls } = ingressOptions ?? {};
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: ingressName(name),
      namespace,
      labels: { ...clusterLabels(cluster), [labels.identifier]: checkLabel(`${name}-${labelValues.head}`) },
      annotations: withoutApplied(others),
      ownerReferences: [ownedBy(cluster)],
    },
    spec: {
      // Unset: what the API server has put there stays.
      ...(ingressClassName === undefined ? {} : { ingressClassName }),
      rules: [
        {
          ...(host === undefined ? {} : { host }),
          http: { paths: [{ path, pathType, backend: { service } }] },
        },
      ],
      ...(tls === undefined ? {} : { tls: [...tls] }),
    },
  };
};

/** `kubectl apply` keeps the RayCluster's own text there; on an Ingress it would be a lie. */
const withoutApplied = (given: Readonly<Record<string, string>>): Record<string, string> =>
  omit(given, "kubectl.kubernetes.io/last-applied-configuration");
