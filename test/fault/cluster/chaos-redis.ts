import { type RedisServer, startRedis } from "@manta/testkit";

/** The Redis of a run. */
export type ChaosRedis = RedisServer;

/** Starts it behind a proxy of ours, so that it can be slow. */
export const startChaosRedis = (): Promise<ChaosRedis> => startRedis({ proxy: true });
