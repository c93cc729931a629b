import { type Clock, systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { waitFor } from "../base/wait.ts";

/** What `manta run` reads of `GET /api/serve/applications/`. */
export interface AppsView {
  readonly applications: Readonly<Record<string, AppView>>;
  /** By node id. */
  readonly proxies: Readonly<Record<string, unknown>>;
}

interface AppView {
  readonly status: string;
  readonly message: string;
  readonly route_prefix: string | null;
  readonly deployments: Readonly<Record<string, DeploymentView>>;
}

interface DeploymentView {
  readonly status: string;
  readonly message: string;
  readonly target_num_replicas: number;
  readonly replicas: readonly ReplicaView[];
}

/** One replica of a deployment. */
export interface ReplicaView {
  readonly replica_id: string;
  readonly state: string;
  readonly pid: number | null;
  readonly actor_id: string;
  readonly node_id: string;
  readonly node_ip: string;
}

/** One that hangs is not waited for when there are others. */
const tryTimeoutMs = 3_000;
const lastTryTimeoutMs = 10_000;

/** A client of the API server's Serve endpoints. Of several servers (standby heads) it asks the one that answered last first. */
export class ApiClient {
  readonly #urls: readonly string[];
  readonly #token: string;
  readonly #clock: Clock;
  #preferred = 0;

  constructor(urls: string | readonly string[], token: string, clock: Clock = systemClock) {
    this.#urls = typeof urls === "string" ? [urls] : urls;
    this.#token = token;
    this.#clock = clock;
  }

  /** Of the server that is asked first. */
  get url(): string {
    return this.#urls[this.#preferred] ?? "";
  }

  /** Puts the config; `invalid_config` with the server's text when it is refused. */
  async deploy(config: unknown): Promise<void> {
    const response = await this.#fetch("/api/serve/applications/", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(config),
    });
    const text = await response.text();
    if (!response.ok)
      throw new MantaError("invalid_config", text === "" ? `the API server answered ${response.status}` : text);
  }

  async apps(): Promise<AppsView> {
    return (await this.getJson("/api/serve/applications/")) as AppsView;
  }

  /** Any JSON endpoint; `unavailable` unless it answers 200. */
  async getJson(path: string): Promise<unknown> {
    const response = await this.#fetch(path, {});
    if (!response.ok)
      throw new MantaError("unavailable", `GET ${path} answered ${response.status}: ${await response.text()}`);
    return await response.json();
  }

  /** Waits until every app runs; ends early with `build_failed` when one cannot be deployed. */
  async waitRunning(timeoutMs: number, signal?: AbortSignal): Promise<AppsView> {
    const settled = await waitFor(
      async () => {
        const view = await this.apps();
        const apps = Object.values(view.applications);
        const over = apps.length > 0 && apps.every((app) => app.status === "RUNNING" || app.status === "DEPLOY_FAILED");
        return over ? view : undefined;
      },
      { timeoutMs, what: "every application running", intervalMs: 50, clock: this.#clock, ...(signal && { signal }) },
    );
    for (const [name, app] of Object.entries(settled.applications)) {
      if (app.status === "DEPLOY_FAILED") throw new MantaError("build_failed", `${name}: ${app.message}`);
    }
    return settled;
  }

  /** True once the server answers at all. */
  async reachable(): Promise<boolean> {
    const response = await this.#fetch("/api/gcs_healthz", {});
    await response.arrayBuffer();
    return response.ok;
  }

  /** The first answer that is no 503: a server without a leader says so by one. */
  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string> | undefined), authorization: `Bearer ${this.#token}` };
    const start = this.#preferred;
    for (let tried = 1; ; tried += 1) {
      const at = (start + tried - 1) % this.#urls.length;
      const last = tried >= this.#urls.length;
      const signal = AbortSignal.timeout(last ? lastTryTimeoutMs : tryTimeoutMs);
      try {
        const response = await fetch(`${this.#urls[at]}${path}`, { ...init, headers, signal });
        if (response.status !== 503 || last) {
          if (response.ok) this.#preferred = at;
          return response;
        }
        await response.body?.cancel();
      } catch (error) {
        if (last) throw error;
      }
    }
  }
}
