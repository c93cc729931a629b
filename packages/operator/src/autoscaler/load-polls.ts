import type { RayCluster } from "../api/ray-cluster.ts";
import { digest } from "../cluster/revision.ts";
import type { Clock } from "../kube/clock.ts";
import type { HttpClient } from "../service/http-call.ts";
import type { ServeCluster } from "../service/observed-service.ts";
import { Poller } from "../service/poller.ts";
import { type ServeTokens, serveUrls } from "../service/serve-address.ts";
import { firstOf } from "../service/service-polls.ts";
import { type DrainOrder, drainNode, getHeadLoad, type HeadLoad } from "./head-load.ts";
import { autoscalerLimits } from "./limits.ts";

/** What a head has last said. */
export interface LoadReport {
  /** Undefined: it did not answer. */
  readonly load: HeadLoad | undefined;
  readonly error: string | undefined;
  /** Since when its answers have come without a long silence. */
  readonly knownSinceMs: number;
}

/** What the polls take. */
export interface LoadPollsOptions {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly tokens: ServeTokens;
  /** A RayCluster whose load has changed. */
  readonly onChange: (key: string) => void;
}

/** Asks the heads of clusters that scale by themselves what waits and what idles; others are not asked. */
export class LoadPolls {
  readonly #options: LoadPollsOptions;
  readonly #poller: Poller<LoadReport>;
  /** By cluster's uid: when its head last answered, and since when it has. */
  readonly #answers = new Map<string, { readonly lastMs: number; readonly sinceMs: number }>();
  readonly #uids = new Map<string, string>();

  constructor(options: LoadPollsOptions) {
    const { clock, onChange } = options;
    this.#options = options;
    this.#poller = new Poller({ clock, onChange, fingerprint, runningMax: autoscalerLimits.pollsMax });
  }

  /** The last answer; undefined before the first, and after `refresh`. */
  result(uid: string): LoadReport | undefined {
    return this.#poller.result(uid);
  }

  /** Asks from now on; `busy`: often. */
  follow(key: string, view: ServeCluster, busy: boolean): void {
    const { uid } = view.cluster.metadata;
    const former = this.#uids.get(key);
    if (former !== undefined && former !== uid) this.#answers.delete(former);
    this.#uids.set(key, uid);
    const urls = serveUrls(view);
    const intervalMs = busy ? autoscalerLimits.busyPollMs : autoscalerLimits.calmPollMs;
    this.#poller.want(key, [{ id: uid, ask: () => this.#ask(view.cluster, urls), intervalMs: () => intervalMs }]);
  }

  /** Asks no more. */
  forget(key: string): void {
    this.#poller.want(key, []);
    this.#answers.delete(this.#uids.get(key) ?? "");
    this.#uids.delete(key);
  }

  /** Something has been changed that makes the last answer old. */
  refresh(uid: string): void {
    this.#poller.refresh(uid);
  }

  /** False: the node may not go any more. Rejects where no head answers. */
  async drain(view: ServeCluster, order: DrainOrder): Promise<boolean> {
    const { http, tokens } = this.#options;
    const token = await tokens.of(view.cluster);
    return await firstOf(serveUrls(view), (baseUrl) => drainNode(http, { baseUrl, token }, order));
  }

  /** Ends all. */
  close(): void {
    this.#poller.close();
  }

  async #ask(cluster: RayCluster, urls: readonly string[]): Promise<LoadReport> {
    const { http, tokens, clock } = this.#options;
    const { uid } = cluster.metadata;
    try {
      const token = await tokens.of(cluster);
      const load = await firstOf(urls, (baseUrl) => getHeadLoad(http, { baseUrl, token }));
      return { load, error: undefined, knownSinceMs: this.#heard(uid, clock.nowMs()) };
    } catch (error) {
      const knownSinceMs = this.#answers.get(uid)?.sinceMs ?? clock.nowMs();
      return { load: undefined, error: error instanceof Error ? error.message : String(error), knownSinceMs };
    }
  }

  #heard(uid: string, nowMs: number): number {
    const former = this.#answers.get(uid);
    const isNew = former === undefined || nowMs - former.lastMs > autoscalerLimits.silenceMs;
    const sinceMs = isNew ? nowMs : former.sinceMs;
    this.#answers.set(uid, { lastMs: nowMs, sinceMs });
    return sinceMs;
  }
}

const fingerprint = (report: LoadReport): string => digest(report, 16);
