import { randomBytes } from "node:crypto";
import type { Secret } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { authSecretName } from "./names.ts";
import { ownedBy } from "./owner.ts";

/** Whether the operator has to make the cluster's token: the user wants one and brings none. */
export const makesAuthSecret = (cluster: RayCluster): boolean => {
  const auth = cluster.spec.authOptions;
  return auth?.mode === "token" && auth.secretName === undefined && auth.enableK8sTokenAuth !== true;
};

/** Secret with a new token, 32 random bytes. Only ever created: one that is there is never read nor written. */
export const buildAuthSecret = (cluster: RayCluster, random: (bytes: number) => Buffer = randomBytes): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: authSecretName(cluster),
    namespace: cluster.metadata.namespace,
    labels: { [labels.cluster]: cluster.metadata.name },
    ownerReferences: [ownedBy(cluster)],
  },
  type: "Opaque",
  stringData: { auth_token: random(tokenBytes).toString("base64") },
});

const tokenBytes = 32;
