import type { Container } from "kubernetes-types/core/v1.d.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { headServiceHost } from "./names.ts";
import { authEnv, headHostEnv, withMissing } from "./ray-env.ts";
import { headPort } from "./start-params.ts";

/** Init container of a worker that waits, for as long as it takes, until the head answers (reference, section 2.9). */
export const buildWaitGcsReady = (cluster: RayCluster, ray: Container, options: ClusterOptions): Container => {
  const address = `${headServiceHost(cluster, options.clusterDomain)}:${headPort(cluster)}`;
  const amounts = { cpu: "200m", memory: "256Mi" };
  const user = ray.env ?? [];
  const auth = user.some(({ name }) => name.startsWith("RAY_AUTH_")) ? [] : authEnv(cluster);
  return {
    name: "wait-gcs-ready",
    ...(ray.image === undefined ? {} : { image: ray.image }),
    ...(ray.imagePullPolicy === undefined ? {} : { imagePullPolicy: ray.imagePullPolicy }),
    command: ["/bin/bash", "-c", "--"],
    args: [script(address)],
    env: withMissing(user, [...headHostEnv(cluster, options.clusterDomain), ...auth]),
    ...(ray.volumeMounts === undefined ? {} : { volumeMounts: ray.volumeMounts }),
    ...(ray.securityContext === undefined ? {} : { securityContext: ray.securityContext }),
    resources: { limits: { ...amounts }, requests: { ...amounts } },
  };
};

/** Quiet at first: a head that is still being started is no news. */
const script = (address: string): string => `
waited=0
until ray health-check --address ${address} > /tmp/wait-gcs-ready.log 2>&1; do
  if [ "$waited" -ge ${quietSeconds} ]; then
    echo "the head at ${address} does not answer after $waited s:"
    cat /tmp/wait-gcs-ready.log
  else
    echo "waiting for the head at ${address}"
  fi
  sleep ${pauseSeconds}
  waited=$((waited + ${pauseSeconds}))
done
echo "the head at ${address} answers"
`;

const quietSeconds = 120;
/** The reference looks every 5 s; a worker is up that much later. */
const pauseSeconds = 1;
