import { waitFor } from "mantaray/testing";
import { loopbackAddress, type RedisServer, startRedis } from "./redis-server.ts";

/** Servers of one Redis Cluster. */
export interface RedisCluster {
  /** All servers, as `RAY_REDIS_ADDRESS` takes them. */
  readonly address: string;
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Starts a cluster of primaries (default 3) that share the slots, and waits until it serves. */
export const startRedisCluster = async (options: { readonly servers?: number } = {}): Promise<RedisCluster> => {
  const servers: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    const count = options.servers ?? 3;
    const config = ["cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 2000"];
    const start = (): Promise<RedisServer> => {
      const host = loopbackAddress();
      return startRedis({ host, config: [...config, `cluster-announce-ip ${host}`] });
    };
    servers.push(...(await Promise.all(Array.from({ length: count }, start))));
    const [first, ...others] = servers;
    if (first === undefined) throw new Error("a cluster needs a server");
    for (const [index, server] of servers.entries()) {
      const from = Math.ceil((slots * index) / count);
      const to = Math.ceil((slots * (index + 1)) / count) - 1;
      const range = Array.from({ length: to - from + 1 }, (_, offset) => String(from + offset));
      await server.command("CLUSTER", "ADDSLOTS", ...range);
    }
    for (const server of others) await first.command("CLUSTER", "MEET", server.host, String(server.port));
    await waitFor(
      async () => {
        const views = await Promise.all(servers.map((server) => server.command("CLUSTER", "INFO")));
        return views.every((view) => /cluster_state:ok/.test(view) && view.includes(`cluster_known_nodes:${count}`));
      },
      { timeoutMs: 20_000, what: "the cluster", intervalMs: 50 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: servers.map(({ address }) => address).join(","), servers, stop };
};

const slots = 16_384;
