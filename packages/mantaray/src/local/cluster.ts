import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadAuthToken } from "../base/auth-token.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { waitFor } from "../base/wait.ts";
import { ApiClient, type AppsView } from "./api-client.ts";
import { type FrontProcess, startFront } from "./front-process.ts";
import { LocalNode, type LocalNodeEvents } from "./local-node.ts";
import type { LocalNodePlan, LocalPlan } from "./local-plan.ts";
import { sweepRunFiles } from "./run-files.ts";

const runningTimeoutMs = 120_000;
const apiTimeoutMs = 15_000;
const proxyTimeoutMs = 15_000;
const stopGraceMs = 15_000;

/** Where a local cluster lives. Nodes get `<subnet>.1`, `.2`, … in the order of the plan. */
export interface LocalClusterOptions {
  readonly plan: LocalPlan;
  /** First three numbers of the nodes' loopback addresses. Default "127.0.0". */
  readonly subnet?: string;
  /** Port of the front address and of the workers' proxies. Default 8000. */
  readonly httpPort?: number;
  /** Default 8265. */
  readonly dashboardPort?: number;
  /** Default 6379. */
  readonly gcsPort?: number;
  /** Default 52365. */
  readonly agentPort?: number;
  /** Folder for everything the cluster writes; the run's own part is removed at the end. */
  readonly tempDir: string;
  /** Where the control store keeps its tables, as `RAY_REDIS_ADDRESS` spells it. Default: a folder of the run. */
  readonly redisAddress?: string;
  /** Start lost nodes again. Default true. */
  readonly keepNodes?: boolean;
  /** Whether there is a front address. Default true. */
  readonly front?: boolean;
  readonly events?: LocalNodeEvents;
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const quiet: LocalNodeEvents = { onLost: () => {}, onRestarted: () => {} };

/** A whole cluster on one machine: real nodes on loopback addresses, and one front address. */
export class LocalCluster {
  readonly nodes: readonly LocalNode[];
  readonly api: ApiClient;
  readonly token: string;
  /** Where clients send requests. */
  readonly url: string;
  /** Control stores, `host:port`: the head's, then the standbys'. */
  readonly gcsAddresses: readonly string[];
  readonly #options: LocalClusterOptions;
  readonly #runDir: string;
  readonly #ended = new AbortController();
  #front: Promise<FrontProcess> | undefined;

  constructor(options: LocalClusterOptions) {
    const clock = options.clock ?? systemClock;
    const env = {
      // The front address looks each 200 ms, so a node need not wait for longer when it leaves.
      MANTA_PROXY_LAME_DUCK_S: "1",
      ...(options.env ?? process.env),
      MANTA_APP_PATH: options.plan.appPath.join(":"),
      ...(options.redisAddress === undefined ? {} : { RAY_REDIS_ADDRESS: options.redisAddress }),
    };
    const subnet = options.subnet ?? "127.0.0";
    const headIp = `${subnet}.1`;
    this.#options = options;
    this.#runDir = join(options.tempDir, `run-${process.pid}`);
    this.token = loadAuthToken(env, { create: true });
    const headIps = options.plan.nodes.flatMap(({ head }, index) => (head ? [`${subnet}.${index + 1}`] : []));
    this.gcsAddresses = headIps.map((ip) => `${ip}:${options.gcsPort ?? 6379}`);
    this.url = `http://${headIp}:${httpPortOf(options)}`;
    this.api = new ApiClient(
      headIps.map((ip) => `http://${ip}:${options.dashboardPort ?? 8265}`),
      this.token,
      clock,
    );
    this.nodes = options.plan.nodes.map(
      (plan, index) =>
        new LocalNode(
          {
            name: plan.name,
            keep: options.keepNodes ?? true,
            clock,
            env: { ...env, ...plan.env },
            tempDir: options.tempDir,
            node: this.#nodeOptions(plan, `${subnet}.${index + 1}`),
          },
          options.events ?? quiet,
        ),
    );
  }

  /** The first head of the plan, whether or not it leads. */
  get head(): LocalNode {
    const head = this.heads[0];
    if (head === undefined) throw new MantaError("invalid_argument", "the plan has no head");
    return head;
  }

  /** The head and its standbys. */
  get heads(): readonly LocalNode[] {
    return this.nodes.filter((node) => node.head);
  }

  /** Of the first head. */
  get gcsAddress(): string {
    return this.gcsAddresses[0] ?? "";
  }

  get workers(): readonly LocalNode[] {
    return this.nodes.filter((node) => !node.head);
  }

  /** Address of a node's own proxy, `host:port`. */
  proxyOf(node: LocalNode): string {
    return `${node.ip}:${this.#proxyPort(node.ip)}`;
  }

  /** Starts nodes and front together; resolves when all nodes are up and the API server answers. */
  async start(): Promise<void> {
    mkdirSync(this.#runDir, { recursive: true, mode: 0o700 });
    try {
      const front = this.#hasFront ? this.#startFront() : undefined;
      await Promise.all([...this.nodes.map((node) => node.start()), front, this.#apiReady()]);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Deploys the plan's config and waits until it runs and every proxy answers for it. */
  async deploy(): Promise<AppsView> {
    await this.api.deploy(this.#options.plan.config);
    const view = await this.api.waitRunning(runningTimeoutMs, this.#ended.signal);
    const routes = Object.values(view.applications).flatMap(({ route_prefix: prefix }) => prefix ?? []);
    const proxies = this.nodes.filter(({ nodeId }) => nodeId !== undefined && nodeId in view.proxies);
    const urls = proxies.map((node) => `http://${this.proxyOf(node)}`);
    if (this.#hasFront && urls.length > 0) urls.push(this.url);
    await Promise.all(urls.map((url) => this.#serves(url, routes)));
    return view;
  }

  /** Ends everything in order: workers drain, then the head, the front last. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.workers.map((node) => node.stop(stopGraceMs)));
    for (const head of this.heads.toReversed()) await head.stop(stopGraceMs);
    await this.#front?.then(
      (front) => front.stop(),
      () => undefined,
    );
    sweepRunFiles({ tempDir: this.#options.tempDir, runDir: this.#runDir, gcsAddress: this.gcsAddress });
  }

  /** Kills what is left, now. */
  kill(): void {
    for (const node of this.nodes) node.killAgent();
  }

  get #hasFront(): boolean {
    return this.#options.front ?? true;
  }

  async #startFront(): Promise<void> {
    const { hostname, port } = new URL(this.url);
    this.#front = startFront({
      host: hostname,
      port: Number(port),
      targets: this.nodes.map((node) => this.proxyOf(node)),
    });
    await this.#front;
  }

  async #apiReady(): Promise<void> {
    await waitFor(() => this.api.reachable(), {
      timeoutMs: apiTimeoutMs,
      what: `the API server at ${this.api.url}`,
      intervalMs: 25,
      signal: this.#ended.signal,
    });
  }

  /** A replica may run before the proxy of its node listens, and routes travel a moment. */
  async #serves(url: string, routes: readonly string[]): Promise<void> {
    await waitFor(
      async () => {
        const response = await fetch(`${url}/-/routes`, { signal: AbortSignal.timeout(1_000) });
        const known = (await response.json()) as Readonly<Record<string, string>>;
        return response.ok && routes.every((route) => route in known);
      },
      { timeoutMs: proxyTimeoutMs, what: `the routes at ${url}`, intervalMs: 20, signal: this.#ended.signal },
    );
  }

  /** The front has the first head's address. */
  #proxyPort(ip: string): number {
    const port = httpPortOf(this.#options);
    return this.#hasFront && ip === new URL(this.url).hostname ? port + 1 : port;
  }

  #nodeOptions(plan: LocalNodePlan, ip: string) {
    const options = this.#options;
    const standby = plan.standby ?? false;
    return {
      head: plan.head,
      ...(standby ? { standby } : {}),
      ...(plan.head && options.redisAddress === undefined ? { storage: join(this.#runDir, "gcs-store") } : {}),
      ...(plan.head && !standby ? {} : { addresses: standby ? [this.gcsAddress] : this.gcsAddresses }),
      nodeIpAddress: ip,
      nodeName: plan.name,
      ...(plan.numCpus === undefined ? {} : { numCpus: plan.numCpus }),
      numGpus: plan.numGpus,
      resources: plan.resources,
      labels: plan.labels,
      port: options.gcsPort ?? 6379,
      dashboardHost: plan.head ? ip : new URL(this.url).hostname,
      dashboardPort: options.dashboardPort ?? 8265,
      dashboardAgentListenPort: options.agentPort ?? 52365,
      proxyPort: this.#proxyPort(ip),
      tempDir: options.tempDir,
      sessionDir: join(this.#runDir, "session"),
      idleWorkers: 1,
      cleanSession: true,
      endWithStdin: true,
    };
  }
}

/** The config's own port counts, as it does on a cluster of one proxy a machine. */
const httpPortOf = (options: LocalClusterOptions): number => {
  const config = options.plan.config as { http_options?: { port?: unknown } } | null;
  const configured = config?.http_options?.port;
  return options.httpPort ?? (typeof configured === "number" ? configured : 8000);
};
