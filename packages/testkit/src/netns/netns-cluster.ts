import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiClient, waitFor } from "mantaray/testing";
import { ClusterState } from "../cluster-state.ts";
import { redisProgram } from "../redis/redis-program.ts";
import { Fabric, type FabricMember, type Path } from "./fabric.ts";
import { within } from "./ip.ts";
import { NetnsNode } from "./netns-node.ts";
import { Relay } from "./relay.ts";

/** What a test says of its cluster. */
export interface NetnsClusterOptions {
  /** CPUs of each worker node. */
  readonly workers: readonly number[];
  /** CPUs of each head. Default 0: it hosts no replicas. */
  readonly headCpus?: number;
  /** Heads that wait for the first one's end. Default 0. */
  readonly standbys?: number;
  /** The control store's data is in a Redis on a machine of its own. Default: only with standbys. */
  readonly redis?: boolean;
  readonly config: unknown;
  /** Where its import paths are looked up. */
  readonly appPath: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Seen from the node: what it sends is lost, what is sent to it, or both. */
export type CutDirection = "out" | "in" | "both";

const deployTimeoutMs = 120_000;
const proxyPort = 8000;

/** A cluster whose nodes, Redis and clients are machines of their own on a network that can be cut. */
export class NetnsCluster {
  readonly fabric: Fabric;
  readonly heads: readonly NetnsNode[];
  readonly workers: readonly NetnsNode[];
  /** Where clients are: processes for it are started with `within`. */
  readonly client: FabricMember;
  readonly redis: FabricMember | undefined;
  /** Environment of the CLI and other clients in the client's namespace. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #tempDir = mkdtempSync(join(tmpdir(), "manta-net-"));
  readonly #options: NetnsClusterOptions;
  #relay: Relay | undefined;
  readonly #apis = new Map<NetnsNode, ApiClient>();
  #api: ApiClient | undefined;

  constructor(options: NetnsClusterOptions) {
    const { workers, headCpus = 0, standbys = 0, appPath } = options;
    this.#options = options;
    this.fabric = new Fabric();
    const redis = options.redis ?? standbys > 0;
    this.client = this.fabric.add("client");
    this.redis = redis ? this.fabric.add("redis") : undefined;
    const members = Array.from({ length: 1 + standbys }, (_, index) => this.fabric.add(`head-${index + 1}`));
    this.env = {
      ...process.env,
      RAY_AUTH_TOKEN_PATH: join(this.#tempDir, "auth_token"),
      MANTA_APP_PATH: appPath.join(":"),
      RAY_ADDRESS: members.map(({ ip }) => `${ip}:6379`).join(","),
      RAY_REDIS_ADDRESS: this.redis && `${this.redis.ip}:6379`,
      ...options.env,
    };
    const addresses = `--address=${this.env.RAY_ADDRESS}`;
    this.heads = members.map((member, index) => {
      const role = index === 0 ? ["--head"] : ["--head", "--standby", addresses];
      return this.#node(member, [...role, `--dashboard-host=${member.ip}`, `--num-cpus=${headCpus}`]);
    });
    this.workers = workers.map((cpus, index) =>
      this.#node(this.fabric.add(`worker-${index + 1}`), [addresses, `--num-cpus=${cpus}`]),
    );
  }

  get nodes(): readonly NetnsNode[] {
    return [...this.heads, ...this.workers];
  }

  /** REST of whichever head answers, reached through the client's namespace. */
  get api(): ApiClient {
    if (this.#api === undefined) throw new Error("the cluster has not been started");
    return this.#api;
  }

  get state(): ClusterState {
    return new ClusterState(this.api);
  }

  /** The cluster as one head sees it, which may be alone with its view. */
  stateOf(head: NetnsNode): ClusterState {
    const api = this.#apis.get(head);
    if (api === undefined) throw new Error(`${head.name} is no head of a started cluster`);
    return new ClusterState(api);
  }

  /** Starts Redis, heads and workers, deploys the config and waits until every proxy serves it. */
  async start(): Promise<void> {
    if (this.redis !== undefined) await this.#startRedis(this.redis);
    const relay = await Relay.start(this.client.namespace, join(this.#tempDir, "relay.sock"));
    this.#relay = relay;
    const [first, ...others] = this.heads;
    // It makes the token which the others need.
    await first?.start();
    await Promise.all([...others, ...this.workers].map((node) => node.start()));
    const token = readFileSync(this.env.RAY_AUTH_TOKEN_PATH ?? "", "utf8").trim();
    const urls = await Promise.all(this.heads.map(async ({ ip }) => `http://${await relay.to(ip, 8265)}`));
    this.#api = new ApiClient(urls, token);
    for (const [index, head] of this.heads.entries()) this.#apis.set(head, new ApiClient(urls[index] ?? "", token));
    // The leading one may be starting still, or the other not be there yet.
    await this.state.until("the deployment", async () => {
      await this.api.deploy(this.#options.config);
      return true;
    });
    const view = await this.api.waitRunning(deployTimeoutMs);
    const routes = Object.values(view.applications).flatMap(({ route_prefix: prefix }) => prefix ?? []);
    for (const worker of this.workers) await this.#serves(worker, routes);
  }

  /**
   * Cuts a node off from other members; by default from every node, and from Redis, but not from the client, which
   * still reaches it.
   */
  cut(node: NetnsNode, direction: CutDirection = "both", others: readonly FabricMember[] = this.#peersOf(node)): void {
    const out = others.map((other): Path => [node.member, other]);
    const back = others.map((other): Path => [other, node.member]);
    this.fabric.cut(...(direction === "in" ? [] : out), ...(direction === "out" ? [] : back));
  }

  /** Mends everything that is cut. */
  heal(): void {
    this.fabric.heal();
  }

  /** `http://host:port` of a node's proxy as this process reaches it. */
  async proxyUrl({ ip }: NetnsNode): Promise<string> {
    return `http://${await this.#relay?.to(ip, proxyPort)}`;
  }

  /** Where clients in the client's namespace reach a node's proxy. */
  proxyOf({ ip }: NetnsNode): string {
    return `${ip}:${proxyPort}`;
  }

  /** Ends every process and removes every file. */
  async stop(): Promise<void> {
    this.fabric.close();
    await this.#relay?.close();
    // What was killed may be writing its last line.
    rmSync(this.#tempDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  #node(member: FabricMember, flags: readonly string[]): NetnsNode {
    return new NetnsNode({ member, flags, tempDir: join(this.#tempDir, member.name), env: this.env });
  }

  #peersOf(node: NetnsNode): FabricMember[] {
    return this.fabric.members.filter((member) => member !== node.member && member !== this.client);
  }

  async #startRedis({ namespace, ip }: FabricMember): Promise<void> {
    const dir = join(this.#tempDir, "redis");
    mkdirSync(dir);
    const flags = ["--bind", ip, "--port", "6379", "--dir", dir, "--save", "", "--protected-mode", "no"];
    const [command, ...args] = within(namespace, [redisProgram("redis-server"), ...flags]);
    spawn(command, args, { stdio: "ignore" }).unref();
    const [program, ...probe] = within(namespace, [
      process.execPath,
      "-e",
      `require("net").connect(6379, ${JSON.stringify(ip)}).on("connect", () => process.exit(0)).on("error", () => process.exit(1))`,
    ]);
    await waitFor(
      () => new Promise<boolean>((resolve) => spawn(program, probe).once("exit", (code) => resolve(code === 0))),
      { what: "Redis", timeoutMs: 15_000, intervalMs: 50 },
    );
  }

  async #serves(node: NetnsNode, routes: readonly string[]): Promise<void> {
    const url = await this.proxyUrl(node);
    await this.state.until(`the routes at ${node.name}`, async () => {
      const response = await fetch(`${url}/-/routes`, { signal: AbortSignal.timeout(1_000) });
      const known = (await response.json()) as Readonly<Record<string, string>>;
      return response.ok && routes.every((route) => route in known);
    });
  }
}

/** Makes and starts a cluster; nothing is left when that fails. */
export const startNetnsCluster = async (options: NetnsClusterOptions): Promise<NetnsCluster> => {
  const cluster = new NetnsCluster(options);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    const said = cluster.nodes.map((node) => `${node.name}: ${node.output}`).join("\n");
    await cluster.stop();
    throw new Error(`the cluster did not start\n${said}`, { cause: error });
  }
};
