import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestCluster, type TestCluster } from "@manta/testkit";
import { type RedisServer, startRedis } from "@manta/testkit/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoad, type Load } from "../../bench/load/load.ts";
import type { LoadSnapshot } from "../../bench/load/load-counters.ts";
import { type Cluster, connect } from "../../packages/mantaray/src/actor/index.ts";
import { waitFor } from "../../packages/mantaray/src/base/wait.ts";
import { listLocalNodes } from "../../packages/mantaray/src/node/index.ts";
import type { ActorRecord } from "../../packages/mantaray/src/protocol/actor.ts";

/** A head, its standby and two workers on Redis: heads come and go, clients go on. */
const folder = mkdtempSync(join(tmpdir(), "manta-away-"));
let redis: RedisServer;
let test: TestCluster;
let client: Cluster;

const source = `
import { setTimeout as pause } from "node:timers/promises";
import { deployment } from "mantaray";
class App {
  async fetch() { await pause(3); return "pid " + process.pid; }
}
export const app = deployment(App).bind();
`;

const config = {
  applications: [
    {
      name: "app",
      route_prefix: "/",
      import_path: "app:app",
      deployments: [{ name: "App", num_replicas: 4, max_ongoing_requests: 100, ray_actor_options: { num_cpus: 0.5 } }],
    },
  ],
};

const actorsOf = async (className: string): Promise<readonly ActorRecord[]> => {
  const { actors } = await client.gcs.listActors({ className, states: ["ALIVE"] }, { timeoutMs: 2_000 });
  return actors;
};
const replicas = (): Promise<readonly ActorRecord[]> => actorsOf("ServeReplica:App");
const byId = (actors: readonly ActorRecord[]): ReadonlyMap<string, ActorRecord> =>
  new Map(actors.map((actor) => [actor.actorId, actor]));

const startLoad = (): Load => {
  const requests = [{ name: "GET", path: "/" }];
  const load = createLoad({ url: test.cluster.url, connections: 8, ratePerSecond: 200, requests, timeoutMs: 10_000 });
  load.start();
  return load;
};

/** The node of the control store that leads, by its number among the heads. */
const leaderIp = async (): Promise<string> => {
  const { nodes } = await client.gcs.listNodes({}, { timeoutMs: 1_000 });
  return nodes.find(({ isHead, state }) => isHead && state === "ALIVE")?.ip ?? "";
};

/** Less than a lease lasts. */
const leaseMs = 2_000;

/** The control store's process of the head that leads. */
const leadingGcs = async (): Promise<number> => {
  const ip = await leaderIp();
  const node = listLocalNodes(test.tempDir).find((found) => found.alive && found.ip === ip);
  const pid = node?.groups.find(({ name }) => name === "gcs")?.pid;
  if (pid === undefined) throw new Error("no control store");
  return pid;
};

/** Pids of all processes that answer now. */
const answering = async (): Promise<ReadonlySet<number>> => {
  const texts = Array.from({ length: 48 }, async () => {
    const response = await fetch(test.cluster.url, { signal: AbortSignal.timeout(2_000) });
    return Number((await response.text()).slice("pid ".length));
  });
  // A connection to a proxy that has just been killed gives no answer: the others do.
  const answers = await Promise.allSettled(texts);
  return new Set(answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
};

const bad = ({ sent, ok }: LoadSnapshot): number => sent - ok;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

beforeAll(async () => {
  writeFileSync(join(folder, "app.ts"), source);
  redis = await startRedis();
  test = await startTestCluster({
    workers: [4, 4],
    config,
    appPath: [folder],
    standby: true,
    redisAddress: redis.address,
  });
  client = await connect({ addresses: test.cluster.gcsAddresses, env: test.env });
});
afterAll(async () => {
  await client?.close();
  await test?.stop();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a head with a standby", () => {
  it("has its control store back in place when only that is killed, before the standby takes over", async () => {
    const before = await leaderIp();
    const { startMs } = await client.gcs.ping({});
    const killedMs = performance.now();
    process.kill(await leadingGcs(), "SIGKILL");
    await waitFor(async () => (await client.gcs.ping({}, { timeoutMs: 500 })).startMs > startMs, {
      what: "a new control store",
      timeoutMs: 10_000,
      intervalMs: 5,
    });
    const backMs = performance.now() - killedMs;
    const after = await waitFor(async () => (await leaderIp()) || undefined, { what: "a leader", timeoutMs: 10_000 });
    // A process that starts within the time of its lease has it again; a machine under test may be slower than that.
    expect(backMs >= leaseMs || after === before).toBe(true);
  });

  it("is followed by the standby when it dies, and stands by itself when it comes back", async () => {
    const leadingIp = await leaderIp();
    const head = test.cluster.heads.find(({ ip }) => ip === leadingIp);
    const standby = test.cluster.heads.find(({ ip }) => ip !== leadingIp);
    if (head === undefined || standby === undefined) throw new Error("no heads");
    const before = byId(await replicas());
    const load = startLoad();
    head.hold();
    await head.killAll();
    await waitFor(async () => (await leaderIp()) === standby.ip, {
      what: "the standby leads",
      timeoutMs: 15_000,
      intervalMs: 20,
    });
    await test.state.until("a controller at the standby", async () => {
      const [controller] = await actorsOf("ServeController");
      return controller !== undefined && (await test.state.replicas("app", "App")).length === 4;
    });
    const after = byId(await replicas());
    expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
    for (const [actorId, { pid, restarts }] of after) {
      expect(restarts).toBe(0);
      expect(pid).toBe(before.get(actorId)?.pid);
    }
    head.release();
    await waitFor(
      async () => {
        const { nodes } = await client.gcs.listNodes({}, { timeoutMs: 1_000 });
        return nodes.some(({ ip, state, isHead }) => ip === head.ip && state === "ALIVE" && !isHead);
      },
      { what: "the old head as an ordinary node", timeoutMs: 20_000 },
    );
    expect(await leaderIp()).toBe(standby.ip);
    const last = await load.stop();
    // Its proxy went with the head.
    expect(bad(last)).toBe(last.cut);
  });
});

describe("nodes without any head", () => {
  it("repair their replicas and proxies in place, and are believed when a head is back", async () => {
    const before = byId(await replicas());
    const proxiesBefore = byId(await actorsOf("HTTPProxyActor"));
    const load = startLoad();
    for (const head of test.cluster.heads) head.hold();
    await Promise.all(test.cluster.heads.map((head) => head.killAll()));
    const victims = [...before.values()].slice(0, 2);
    const spared = new Set([...before.values()].slice(2).map(({ pid }) => pid ?? 0));
    for (let round = 1; round <= 2; round += 1) {
      const pids = [...(await answering())].filter((pid) => !spared.has(pid));
      expect(pids).toHaveLength(2);
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await waitFor(async () => [...(await answering())].filter((pid) => !pids.includes(pid)).length === 4, {
        what: "the repair",
        timeoutMs: 10_000,
        intervalMs: 20,
      });
    }
    const proxy = [...proxiesBefore.values()].find(({ nodeId }) => nodeId === victims[0]?.nodeId);
    if (proxy?.pid !== undefined && proxy.pid !== null) process.kill(proxy.pid, "SIGKILL");
    await pause(4_000);
    for (const head of test.cluster.heads) head.release();
    await test.state.until("every replica, known to a head again", async () => (await replicas()).length === 4, 60_000);
    await test.state.until(
      "Serve's own view",
      async () => (await test.state.replicas("app", "App")).length === 4,
      60_000,
    );
    await pause(3_000);
    const after = byId(await replicas());
    expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
    for (const [actorId, { pid, restarts }] of after) {
      const isVictim = victims.some((victim) => victim.actorId === actorId);
      expect(restarts).toBe(isVictim ? 2 : 0);
      expect(pid === before.get(actorId)?.pid).toBe(!isVictim);
      expect(pid !== null && isAlive(pid)).toBe(true);
    }
    const proxiesAfter = byId(await actorsOf("HTTPProxyActor"));
    expect(proxiesAfter.get(proxy?.actorId ?? "")?.restarts).toBe((proxy?.restarts ?? 0) + 1);
    const last = await load.stop();
    // A killed proxy takes its connections along; everything else was answered.
    expect(bad(last)).toBe(last.cut);
  });
});

describe("a head that stood still", () => {
  it("finds another one leading when it goes on, joins it, and commands nothing", async () => {
    const stopped = await leaderIp();
    const load = startLoad();
    const node = listLocalNodes(test.tempDir).find((found) => found.alive && found.ip === stopped);
    if (node === undefined) throw new Error("no head");
    const pids = [node.pid, ...node.groups.map(({ pid }) => pid)];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const takenOver = async (): Promise<boolean> => !["", stopped].includes(await leaderIp());
      await waitFor(takenOver, { what: "another leader", timeoutMs: 30_000 });
      await pause(4_000);
    } finally {
      for (const pid of pids.toReversed()) process.kill(pid, "SIGCONT");
    }
    const leading = await leaderIp();
    expect(leading).not.toBe(stopped);
    await waitFor(
      async () => {
        const { nodes } = await client.gcs.listNodes({}, { timeoutMs: 1_000 });
        return nodes.some(({ nodeId, state, isHead }) => nodeId === node.nodeId && state === "ALIVE" && !isHead);
      },
      { what: "the old head as an ordinary node", timeoutMs: 30_000 },
    );
    await test.state.until("one controller", async () => (await actorsOf("ServeController")).length === 1);
    await waitFor(async () => (await replicas()).length === 4, {
      what: "as many replicas as before",
      timeoutMs: 30_000,
    });
    expect(await leaderIp()).toBe(leading);
    expect(isAlive(node.pid)).toBe(true);
    const last = await load.stop();
    expect(bad(last)).toBe(last.cut);
  });
});
