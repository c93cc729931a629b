import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { loopbackAddress, type RedisServer, startRedis, startRedisCluster } from "@manta/testkit/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { waitFor } from "../base/wait.ts";
import { openRedisIdempotencyStore } from "../store/idempotency/redis-idempotency-store.ts";
import { type ControlStore, openRedisStore, redisConfig } from "../store/index.ts";
import { bin, runManta } from "./fixtures/run-manta.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis({ password: "hidden" });
});
afterAll(() => server.stop());

const stored = async (namespace: string, address = server.address): Promise<{ store: ControlStore; epoch: number }> => {
  const config = redisConfig({ RAY_REDIS_ADDRESS: address, REDIS_PASSWORD: "hidden" });
  const store = await openRedisStore({ config, namespace, clock: systemClock, log: silentLog });
  const claim = await store.claimLease("node-a", 1_000);
  if (!claim.granted) throw new Error("the lease is taken");
  const entry = { namespace: "n", value: new Uint8Array([1]) };
  await store.write(claim.epoch, [
    { kind: "putKv", key: "a", ...entry },
    { kind: "putKv", key: "b", ...entry },
    { kind: "appendEvent", event: { atMs: 1, kind: "k", message: "m", fields: {} } },
  ]);
  return { store, epoch: claim.epoch };
};

const cleanup = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runManta(["redis-cleanup", ...args], {
    env: { RAY_REDIS_ADDRESS: server.address, REDIS_PASSWORD: "hidden", ...env },
  });

describe("redis-cleanup", { timeout: 60_000 }, () => {
  it("removes one namespace and says what was in it", async () => {
    const [blue, green] = [await stored("blue"), await stored("green")];
    await blue.store.releaseLease({ holder: "node-a", epoch: blue.epoch });
    const { code, stdout, stderr } = await cleanup(["--namespace", "blue"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Removed namespace "blue" in ${server.address}:`);
    expect(stdout).toContain("  RAYblue@KV (2 entries)\n");
    expect(stdout).toContain("  RAYblue@EVENT (1 entry)\n");
    expect(stdout).not.toContain("green");
    expect((await green.store.load()).kv).toHaveLength(2);
    const again = await cleanup([], { RAY_external_storage_namespace: "blue" });
    expect([again.code, again.stdout]).toEqual([0, `There is nothing of namespace "blue" in ${server.address}.\n`]);
    await Promise.all([blue.store.close(), green.store.close()]);
  });

  it("removes the answers that were kept for idempotency keys", async () => {
    const config = redisConfig({ RAY_REDIS_ADDRESS: server.address, REDIS_PASSWORD: "hidden" });
    const store = openRedisIdempotencyStore({ config, namespace: "kept", clock: systemClock, log: silentLog });
    for (const key of ["one", "two"]) {
      await store.claim(key, { fingerprint: "f", holder: "h", leaseMs: 30_000 });
      await store.finish(key, "h", Buffer.from("answer"), 60_000);
    }
    await store.close();
    expect((await cleanup(["--namespace", "kept"])).stdout).toContain("  RAYkept@IDEMPOTENCY_INDEX (2 entries)\n");
    expect(await server.command("KEYS", "*kept*")).toBe("");
  });

  it("is refused while a control store leads there, unless forced", async () => {
    const { store, epoch } = await stored("live");
    const timer = setInterval(
      () => void store.renewLease({ holder: "node-a", epoch }, 1_000).catch(() => undefined),
      200,
    );
    try {
      const refused = await cleanup(["--namespace", "live"]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('the control store node-a leads in namespace "live"');
      expect((await cleanup(["--namespace", "live", "--force"])).stdout).toContain("RAYlive@LEASE");
    } finally {
      clearInterval(timer);
      await store.close();
    }
  });

  it("waits out the lease of a control store that was killed", async () => {
    const { store } = await stored("killed");
    await store.close();
    expect(await cleanup(["--namespace", "killed"])).toMatchObject({ code: 0, stderr: "" });
    expect(await server.command("KEYS", "*killed*")).toBe("");
  });

  it("finds the keys of a cluster too", async () => {
    const cluster = await startRedisCluster();
    try {
      const { store } = await stored("wide", cluster.address);
      await store.close();
      const { stdout } = await cleanup(["--namespace", "wide"], {
        RAY_REDIS_ADDRESS: cluster.address,
        REDIS_PASSWORD: "",
      });
      expect(stdout).toContain("  RAY{wide}@KV (2 entries)\n");
      const sizes = await Promise.all(cluster.servers.map((each) => each.command("DBSIZE")));
      expect(sizes).toEqual(["0", "0", "0"]);
    } finally {
      await cluster.stop();
    }
  });
});

describe("redis-cleanup that cannot", { timeout: 60_000 }, () => {
  it("says what is wrong: usage 2, Redis away 1", async () => {
    expect(await cleanup([], { RAY_REDIS_ADDRESS: "" })).toMatchObject({ code: 2 });
    expect((await cleanup(["--namespace", "a b"])).code).toBe(2);
    const away = await cleanup([], { RAY_REDIS_ADDRESS: `${loopbackAddress()}:1`, RAY_redis_db_connect_retries: "1" });
    expect([away.code, away.stdout]).toEqual([1, ""]);
    expect(away.stderr).toContain("refuses connections");
    const wrong = await cleanup(["--redis-password=hidden-too"], { RAY_redis_db_connect_retries: "1" });
    expect(wrong.stderr).toContain("refuses the user name or the password");
    expect(wrong.stderr).not.toContain("hidden");
  });

  it("shows no password to the process list", async () => {
    const args = ["redis-cleanup", "--redis-address", `${loopbackAddress()}:1`, "--redis-password", "hidden-argument"];
    const child = spawn(process.execPath, [bin, ...args], { stdio: "ignore" });
    try {
      const commandLine = (): string => readFileSync(`/proc/${child.pid}/cmdline`, "latin1");
      await waitFor(() => commandLine().includes("--redis-password=***"), { timeoutMs: 10_000, what: "the title" });
      expect(commandLine()).not.toContain("hidden-argument");
    } finally {
      child.kill("SIGKILL");
    }
  });
});
