import { type RedisServer, type Sentinels, startRedis, startSentinels } from "@manta/testkit/redis";

/** The Redis of a run: one server behind a proxy of ours that can slow it down, or a primary with replicas and sentinels. */
export type ChaosRedis =
  | { readonly kind: "single"; readonly address: string; readonly server: RedisServer; stop(): Promise<void> }
  | { readonly kind: "sentinels"; readonly address: string; readonly sentinels: Sentinels; stop(): Promise<void> };

export const startChaosRedis = async (kind: ChaosRedis["kind"]): Promise<ChaosRedis> => {
  if (kind === "sentinels") {
    const sentinels = await startSentinels();
    return { kind, address: sentinels.address, sentinels, stop: () => sentinels.stop() };
  }
  const server = await startRedis({ proxy: true });
  return { kind, address: server.address, server, stop: () => server.stop() };
};
