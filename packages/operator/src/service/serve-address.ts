import type { RayCluster } from "../api/ray-cluster.ts";
import { authSecretName } from "../cluster/build/names.ts";
import { headPortNumber } from "../cluster/build/ports.ts";
import { isReady, isStandby } from "../cluster/pod-state.ts";
import type { Clock } from "../kube/clock.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { resources } from "../kube/resources.ts";
import { headsOf } from "./cluster-view.ts";
import { serviceLimits } from "./limits.ts";
import type { ServeCluster } from "./observed-service.ts";

/**
 * Base URLs of a cluster's Serve REST, the head that leads first. By the pods' own addresses, which the head Service's
 * name stands for: a name may lead to the former head as long as somebody remembers it.
 */
export const serveUrls = (view: ServeCluster): readonly string[] => {
  const port = headPortNumber(view.cluster, "dashboard");
  return headsOf(view)
    .map(({ pod }) => pod)
    .toSorted((left, right) => rank(left) - rank(right))
    .flatMap(({ status }) => (status?.podIP === undefined ? [] : [`http://${urlHost(status.podIP)}:${port}`]));
};

const rank = (pod: Parameters<typeof isStandby>[0]): number => (isReady(pod) ? 0 : 2) + (isStandby(pod) ? 1 : 0);

/** An address as a URL has it. */
export const urlHost = (ip: string): string => (ip.includes(":") ? `[${ip}]` : ip);

/** Reads tokens of clusters that want one, and remembers each for a while. */
export class ServeTokens {
  readonly #api: KubeApi;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly token: string; readonly untilMs: number }>();

  constructor(api: KubeApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Undefined where none is wanted. Rejects where it cannot be read. */
  async of(cluster: RayCluster): Promise<string | undefined> {
    if (cluster.spec.authOptions?.mode !== "token") return undefined;
    const known = this.#known.get(cluster.metadata.uid);
    if (known !== undefined && known.untilMs > this.#clock.nowMs()) return known.token;
    const ref = { namespace: cluster.metadata.namespace, name: authSecretName(cluster) };
    const secret = await this.#api.get(resources.secrets, ref);
    const encoded = secret?.data?.auth_token;
    if (encoded === undefined) throw new Error(`Secret ${ref.name} must have the key auth_token, which it has not`);
    const token = Buffer.from(encoded, "base64").toString().trim();
    this.#remember(cluster.metadata.uid, token);
    return token;
  }

  #remember(uid: string, token: string): void {
    this.#known.delete(uid);
    this.#known.set(uid, { token, untilMs: this.#clock.nowMs() + serviceLimits.tokenMs });
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size > serviceLimits.tokensMax) this.#known.delete(oldest);
  }
}
