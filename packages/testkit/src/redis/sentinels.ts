import { waitFor } from "mantaray/testing";
import { loopbackAddress, type RedisServer, startRedis } from "./redis-server.ts";

/** How sentinels and what they watch are to be. */
export interface SentinelsOptions {
  /** Replicas of the primary. Default 2. */
  readonly replicas?: number;
  /** Default 3; the majority decides. */
  readonly sentinels?: number;
  /** Of the servers. */
  readonly password?: string;
  /** Of the sentinels themselves. */
  readonly sentinelPassword?: string;
  /** A primary that is silent for so long is taken for dead. Default 500 ms. */
  readonly downAfterMs?: number;
  /** Further lines of each server's redis.conf. */
  readonly config?: readonly string[];
}

/** A primary, replicas, and the sentinels that watch them. */
export interface Sentinels {
  /** As `RAY_REDIS_ADDRESS` takes it; without passwords. */
  readonly address: string;
  readonly primaryName: string;
  /** Primary first, as they were started. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** The server that most sentinels take for the primary. */
  primary(): Promise<RedisServer>;
  /** Kills the primary and resolves with the next one. */
  failover(): Promise<RedisServer>;
  stop(): Promise<void>;
}

/** Starts them and waits until the sentinels know the replicas and one another. */
export const startSentinels = async (options: SentinelsOptions = {}): Promise<Sentinels> => {
  const started: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
  };
  const start = async (...parameters: Parameters<typeof startRedis>): Promise<RedisServer> => {
    const server = await startRedis(...parameters);
    started.push(server);
    return server;
  };
  try {
    const { password, replicas = 2 } = options;
    const secret = password === undefined ? {} : { password };
    const auth = password === undefined ? [] : [`masterauth ${password}`];
    const lines = [...auth, "repl-diskless-sync-delay 0", ...(options.config ?? [])];
    const primary = await start({ ...secret, config: lines });
    const replicaOf = `replicaof ${primary.host} ${primary.port}`;
    const others = await Promise.all(
      Array.from({ length: replicas }, () => start({ ...secret, config: [...lines, replicaOf] })),
    );
    await waitFor(async () => (await primary.command("INFO", "replication")).includes(`connected_slaves:${replicas}`), {
      timeoutMs: 15_000,
      what: "the replicas",
    });
    const sentinels = await Promise.all(
      Array.from({ length: options.sentinels ?? 3 }, () => startSentinel(start, primary, options)),
    );
    const group = new SentinelGroup([primary, ...others], sentinels, stop);
    await group.settled(replicas);
    return group;
  } catch (error) {
    await stop();
    throw error;
  }
};

const primaryName = "manta";

const startSentinel = (
  start: typeof startRedis,
  primary: RedisServer,
  { password, sentinelPassword, downAfterMs = 500, sentinels = 3 }: SentinelsOptions,
): Promise<RedisServer> => {
  const host = loopbackAddress();
  return start({
    host,
    port: 26379,
    sentinel: true,
    ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
    config: [
      `sentinel monitor ${primaryName} ${primary.host} ${primary.port} ${Math.floor(sentinels / 2) + 1}`,
      `sentinel down-after-milliseconds ${primaryName} ${downAfterMs}`,
      `sentinel failover-timeout ${primaryName} 3000`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${primaryName} ${password}`]),
      ...(sentinelPassword === undefined ? [] : [`sentinel sentinel-pass ${sentinelPassword}`]),
    ],
  });
};

class SentinelGroup implements Sentinels {
  readonly primaryName = primaryName;
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  readonly stop: () => Promise<void>;

  constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[], stop: () => Promise<void>) {
    this.servers = servers;
    this.sentinels = sentinels;
    this.stop = stop;
  }

  get address(): string {
    return `redis+sentinel://${this.sentinels.map(({ host, port }) => `${host}:${port}`).join(",")}/${primaryName}`;
  }

  async settled(replicas: number): Promise<void> {
    await waitFor(
      async () => {
        const views = await Promise.all(this.sentinels.map((each) => each.command("INFO", "sentinel")));
        const wanted = `slaves=${replicas},sentinels=${this.sentinels.length}`;
        return views.every((view) => view.includes(wanted));
      },
      { timeoutMs: 20_000, what: "the sentinels' view", intervalMs: 100 },
    );
  }

  async primary(): Promise<RedisServer> {
    const votes = await Promise.all(
      this.sentinels.map((each) => each.command("SENTINEL", "get-master-addr-by-name", primaryName)),
    );
    const count = (server: RedisServer): number => votes.filter((vote) => vote.split(/\s+/)[0] === server.host).length;
    const [best] = this.servers.toSorted((a, b) => count(b) - count(a));
    if (best === undefined) throw new Error("there are no servers");
    return best;
  }

  async failover(): Promise<RedisServer> {
    const before = await this.primary();
    await before.kill();
    return waitFor(
      async () => {
        const now = await this.primary();
        if (now === before) return undefined;
        return (await now.command("ROLE")).startsWith("master") ? now : undefined;
      },
      { timeoutMs: 20_000, what: "the failover", intervalMs: 50 },
    );
  }
}
