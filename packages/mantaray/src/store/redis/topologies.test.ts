import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  loopbackAddress,
  type RedisCluster,
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
import { namespaceKeys } from "./keys.ts";
import { openRedisStore } from "./store.ts";

describe("over TLS as an ACL user", () => {
  const password = "pass:word@/,%";
  let directory: string;
  let server: RedisServer;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "manta-certificates-"));
    const host = loopbackAddress();
    const files = writeCertificates(directory, "redis", [host]);
    server = await startRedis({ host, tls: files, password: "admin", users: [userLine("tls-user", password)] });
    env = {
      RAY_REDIS_ADDRESS: server.address,
      REDIS_USERNAME: "tls-user",
      REDIS_PASSWORD: password,
      RAY_REDIS_CA_CERT: files.caFile,
      RAY_REDIS_CLIENT_CERT: files.certFile,
      RAY_REDIS_CLIENT_KEY: files.keyFile,
    };
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  describeControlStore("redis (TLS, ACL)", async () => redisHarness(env), testTtlMs);
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

  it("is followed when its slot moves to another server, and nothing acknowledged is lost", async () => {
    const config = redisConfig({ RAY_REDIS_ADDRESS: cluster.servers[0]?.address ?? "" });
    const store = await openRedisStore({ config, namespace: "moving", clock: systemClock, log: silentLog });
    try {
      const writer = new Writer(store);
      await writer.begin();
      await waitFor(() => writer.acknowledged > 20, { timeoutMs: 10_000, what: "writes before" });
      await moveSlot(cluster, namespaceKeys("moving", true).LEASE);
      const before = writer.acknowledged;
      await waitFor(() => writer.acknowledged > before + 20, { timeoutMs: 20_000, what: "writes after" });
      await writer.end();
      expect(await writer.missing()).toEqual([]);
    } finally {
      await store.close();
    }
  });
});

/** Moves the slot of a key, with all its keys, to the next server. */
const moveSlot = async ({ servers }: RedisCluster, key: string): Promise<void> => {
  const slot = (await servers[0]?.command("CLUSTER", "KEYSLOT", key)) ?? "";
  const counts = await Promise.all(servers.map((server) => server.command("CLUSTER", "COUNTKEYSINSLOT", slot)));
  const from = servers[counts.findIndex((count) => count !== "0")];
  const to = servers.find((server) => server !== from);
  if (from === undefined || to === undefined) throw new Error(`no server has keys in slot ${slot}`);
  const [fromId, toId] = await Promise.all([from.command("CLUSTER", "MYID"), to.command("CLUSTER", "MYID")]);
  await to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
  await from.command("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
  for (;;) {
    const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", slot, "100")).split("\n").filter(Boolean);
    if (keys.length === 0) break;
    await from.command("MIGRATE", to.host, String(to.port), "", "0", "5000", "KEYS", ...keys);
  }
  for (const server of servers) await server.command("CLUSTER", "SETSLOT", slot, "NODE", toId);
};
