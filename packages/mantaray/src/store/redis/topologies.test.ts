import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  loopbackAddress,
  type RedisServer,
  startRedis,
  startRedisCluster,
  startSentinels,
  writeCertificates,
} from "@manta/testkit/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { waitFor } from "../../base/wait.ts";
import { describeControlStore } from "../conformance.ts";
import { redisConfig } from "./config.ts";
import { redisHarness, testTtlMs, userLine } from "./fixtures/redis-harness.ts";
import { Writer } from "./fixtures/writer.ts";
import { openRedisStore } from "./store.ts";

describe("over TLS as an ACL user", () => {
  const directory = mkdtempSync(join(tmpdir(), "manta-certificates-"));
  const host = loopbackAddress();
  const files = writeCertificates(directory, "redis", [host, "redis.test"]);
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ host, tls: files, password: "admin", users: [userLine("tls-user", "pass:word@/,%")] });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const env = {
    REDIS_USERNAME: "tls-user",
    REDIS_PASSWORD: "pass:word@/,%",
    RAY_REDIS_CA_CERT: files.caFile,
    RAY_REDIS_CLIENT_CERT: files.certFile,
    RAY_REDIS_CLIENT_KEY: files.keyFile,
  };
  describeControlStore(
    "redis (TLS, ACL)",
    async () => redisHarness({ ...env, RAY_REDIS_ADDRESS: server.address }),
    testTtlMs,
  );
});

describe("behind sentinels", () => {
  let sentinels: Awaited<ReturnType<typeof startSentinels>>;
  beforeAll(async () => {
    sentinels = await startSentinels({ password: "servers", sentinelPassword: "sentinels" });
  });
  afterAll(() => sentinels.stop());
  const address = (): string => `${sentinels.address.replace("://", "://:servers@")}?sentinel_password=sentinels`;
  describeControlStore("redis (Sentinel)", async () => redisHarness({ RAY_REDIS_ADDRESS: address() }), testTtlMs);
});

describe("a failover by the sentinels", () => {
  it("loses nothing that was acknowledged, and the writer goes on by itself", async () => {
    const sentinels = await startSentinels();
    const config = redisConfig({ RAY_REDIS_ADDRESS: sentinels.address });
    const store = await openRedisStore({ config, namespace: "n", clock: systemClock, log: silentLog });
    try {
      const writer = new Writer(store);
      await writer.begin();
      await waitFor(() => writer.acknowledged > 50, { timeoutMs: 10_000, what: "writes before" });
      await sentinels.failover();
      const before = writer.acknowledged;
      await waitFor(() => writer.acknowledged > before + 50, { timeoutMs: 20_000, what: "writes after" });
      await writer.end();
      expect(await writer.missing()).toEqual([]);
    } finally {
      await store.close();
      await sentinels.stop();
    }
  });

  it("is found by the address of one sentinel alone, as in the reference", async () => {
    const sentinels = await startSentinels({ replicas: 1, sentinels: 1 });
    const [sentinel] = sentinels.sentinels;
    const config = redisConfig({ RAY_REDIS_ADDRESS: sentinel?.address ?? "" });
    const store = await openRedisStore({ config, namespace: "n", clock: systemClock, log: silentLog });
    try {
      expect(await store.claimLease("a", testTtlMs)).toMatchObject({ granted: true });
    } finally {
      await store.close();
      await sentinels.stop();
    }
  });
});

describe("in a cluster", () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());
  describeControlStore("redis (Cluster)", async () => redisHarness({ RAY_REDIS_ADDRESS: cluster.address }), testTtlMs);
});
