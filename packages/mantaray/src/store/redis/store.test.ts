import { type RedisServer, startRedis } from "@manta/testkit/redis";
import { afterAll, beforeAll } from "vitest";
import { describeControlStore } from "../conformance.ts";
import { describeSharedStore } from "../conformance-shared.ts";
import { redisHarness, sharedRedisHarness, testTtlMs } from "./fixtures/redis-harness.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describeControlStore("redis", async () => redisHarness({ RAY_REDIS_ADDRESS: server.address }), testTtlMs);
describeSharedStore("redis", async () => sharedRedisHarness(server), testTtlMs);
