import type { RayCluster } from "../api/ray-cluster.ts";
import { servePort } from "../cluster/build/probes.ts";
import { isRunning } from "../cluster/pod-state.ts";
import { digest } from "../cluster/revision.ts";
import type { Clock } from "../kube/clock.ts";
import { headsOf, isReachable, servingPods } from "./cluster-view.ts";
import type { HttpClient } from "./http-call.ts";
import { serviceLimits } from "./limits.ts";
import type { Polled } from "./observe.ts";
import type { AppsReport, ObservedService, ServeCluster, ServePod } from "./observed-service.ts";
import { Poller, type PollTarget } from "./poller.ts";
import { askProxy, type ProxyReport, proxyFingerprint, proxyIntervalMs } from "./proxy-health.ts";
import { type ServeTokens, serveUrls, urlHost } from "./serve-address.ts";
import { getApplications, putApplications } from "./serve-client.ts";

/** What the polls take. */
export interface ServicePollsOptions {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly tokens: ServeTokens;
  /** A RayService of which something has changed. */
  readonly onChange: (key: string) => void;
}

/** Everything about RayServices that Kubernetes does not tell: their applications, and the proxies of heads. */
export class ServicePolls implements Polled {
  readonly #options: ServicePollsOptions;
  readonly #apps: Poller<AppsReport>;
  readonly #proxies: Poller<ProxyReport>;

  constructor(options: ServicePollsOptions) {
    const { clock, onChange } = options;
    this.#options = options;
    this.#apps = new Poller({ clock, onChange, fingerprint: (report) => digest(report, 16) });
    this.#proxies = new Poller({ clock, onChange, fingerprint: proxyFingerprint });
  }

  readonly apps = (clusterUid: string): AppsReport | undefined => this.#apps.result(clusterUid);
  readonly proxy = (podUid: string): ProxyReport | undefined => this.#proxies.result(podUid);

  /** Asks from now on what the RayService needs to know; `busy`: often. */
  follow(key: string, observed: ObservedService, busy: boolean): void {
    const { activeServiceStatus, pendingServiceStatus } = observed.service.status ?? {};
    const inUse = [activeServiceStatus, pendingServiceStatus]
      .map((status) => observed.clusters.get(status?.rayClusterName ?? ""))
      .filter((view) => view !== undefined);
    const retiring = [...observed.clusters.values()].filter((view) => !inUse.includes(view));
    const heads = observed.service.spec.excludeHeadPodFromServeSvc ? [] : inUse.flatMap(headsOf);
    this.#apps.want(
      key,
      inUse.filter(isReachable).map((view) => this.#appsTarget(view, busy)),
    );
    this.#proxies.want(
      key,
      [...heads, ...retiring.flatMap(servingPods)].flatMap((pod) => this.#proxyTarget(pod)),
    );
  }

  /** It is gone. */
  forget(key: string): void {
    this.#apps.want(key, []);
    this.#proxies.want(key, []);
  }

  /** Sends a config to a cluster's head. Whatever was known of its applications is old then. */
  async put(view: ServeCluster, config: object): Promise<void> {
    const { http, tokens } = this.#options;
    const token = await tokens.of(view.cluster);
    await firstOf(serveUrls(view), (baseUrl) => putApplications(http, { baseUrl, token }, config));
    this.#apps.refresh(view.cluster.metadata.uid);
  }

  /** Ends all. */
  close(): void {
    this.#apps.close();
    this.#proxies.close();
  }

  #appsTarget(view: ServeCluster, busy: boolean): PollTarget<AppsReport> {
    const urls = serveUrls(view);
    return {
      id: view.cluster.metadata.uid,
      ask: (former) => this.#askApps(view.cluster, urls, former),
      intervalMs: ({ error }) => (busy || error !== undefined ? serviceLimits.busyPollMs : serviceLimits.calmPollMs),
    };
  }

  async #askApps(cluster: RayCluster, urls: readonly string[], former: AppsReport | undefined): Promise<AppsReport> {
    const { http, tokens } = this.#options;
    try {
      const token = await tokens.of(cluster);
      const applications = await firstOf(urls, (baseUrl) => getApplications(http, { baseUrl, token }));
      return { applications, error: undefined };
    } catch (error) {
      return { applications: former?.applications, error: error instanceof Error ? error.message : String(error) };
    }
  }

  #proxyTarget({ pod }: ServePod): PollTarget<ProxyReport>[] {
    const ip = pod.status?.podIP;
    const container = pod.spec?.containers[0];
    if (ip === undefined || container === undefined || !isRunning(pod)) return [];
    const url = `http://${urlHost(ip)}:${servePort(container)}/-/healthz`;
    const { http } = this.#options;
    return [{ id: pod.metadata.uid, ask: (former) => askProxy(http, url, former), intervalMs: proxyIntervalMs }];
  }
}

/** The first that succeeds; else the first one's error. */
export const firstOf = async <T>(urls: readonly string[], call: (url: string) => Promise<T>): Promise<T> => {
  let failure: unknown = new Error("no head pod has an address yet");
  for (const [index, url] of urls.entries()) {
    try {
      return await call(url);
    } catch (error) {
      if (index === 0) failure = error;
    }
  }
  throw failure;
};
