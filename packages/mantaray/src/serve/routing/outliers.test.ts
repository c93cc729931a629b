import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { newNodeId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import type { RoutingReplica, RoutingSnapshot } from "../../protocol/routing.ts";
import { resetCodes } from "../../rpc/types.ts";
import { answering, connectToFake, FakeReplica, type Script, whenComplete } from "./fake-replica.ts";
import { createRouterPool, type Router, type RouterPool } from "./index.ts";
import { connectByTcp, connectByUnix, StoppingReplica } from "./stopping-replica.ts";
import { type Outcome, TestRequest } from "./test-request.ts";

const key = "app#D";
const ok = answering(Buffer.from("ok"));
const pools: RouterPool[] = [];
const fakes: FakeReplica[] = [];
const processes: StoppingReplica[] = [];
let version = 0;

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close(0)));
  await Promise.all(fakes.splice(0).map((replica) => replica.die()));
  for (const replica of processes.splice(0)) replica.end();
});

const snapshotOf = (replicas: readonly RoutingReplica[], maxOngoingRequests = 100): RoutingSnapshot => ({
  version: ++version,
  http: { requestTimeoutMs: null, keepAliveTimeoutMs: 1_000, rootPath: "" },
  routes: [],
  deployments: {
    [key]: {
      app: "app",
      deployment: "D",
      available: true,
      maxOngoingRequests,
      maxQueuedRequests: -1,
      retryNonIdempotent: false,
      replicas: [...replicas],
    },
  },
});

const routerTo = async (
  infos: readonly RoutingReplica[],
  connect: typeof connectToFake,
  maxOngoingRequests?: number,
): Promise<Router> => {
  const pool = createRouterPool({
    nodeId: newNodeId(),
    preferLocal: false,
    connect,
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
  });
  pools.push(pool);
  pool.update(snapshotOf(infos, maxOngoingRequests));
  const router = pool.router(key);
  await waitFor(() => router.linked === infos.length, { timeoutMs: 10_000, what: "links to the replicas" });
  return router;
};

const startProcesses = async (count: number): Promise<StoppingReplica[]> => {
  const started = await Promise.all(Array.from({ length: count }, () => StoppingReplica.start()));
  processes.push(...started);
  return started;
};

const infosOf = (replicas: readonly { readonly info: RoutingReplica }[]): RoutingReplica[] =>
  replicas.map(({ info }) => info);

const send = (router: Router, body: string, repeatable = true): TestRequest => {
  const request = new TestRequest({ body, repeatable });
  router.dispatch(request);
  return request;
};

const timed = async (request: TestRequest): Promise<Outcome & { tookMs: number }> => {
  const startMs = performance.now();
  const outcome = await request.outcome;
  return { ...outcome, tookMs: performance.now() - startMs };
};

describe.each([
  ["over a unix socket", connectByUnix],
  ["over TCP", connectByTcp],
] as const)("a replica that is stopped, reached %s", (_name, connect) => {
  it("costs repeatable requests no failure and two seconds at most, and is used again when it goes on", async () => {
    const replicas = await startProcesses(3);
    const [stopped] = replicas as [StoppingReplica, ...StoppingReplica[]];
    const router = await routerTo(infosOf(replicas), connect);
    stopped.signal("SIGSTOP");
    let longestMs = 0;
    let sent = 0;
    const client = async (): Promise<void> => {
      const endMs = performance.now() + 3_000;
      while (performance.now() < endMs) {
        const { failure, body, tookMs } = await timed(send(router, `r${(sent += 1)}`));
        expect(failure).toBeUndefined();
        expect(body).toMatch(/^r\d+$/);
        longestMs = Math.max(longestMs, tookMs);
      }
    };
    await Promise.all(Array.from({ length: 6 }, client));
    expect(longestMs).toBeLessThan(2_500);
    expect(router.counters).toMatchObject({ requests: sent, ok: sent, outliers: 1, failed: 0 });
    expect(router.counters.retriedSilent).toBeGreaterThan(0);
    stopped.signal("SIGCONT");
    const before = stopped.started.length;
    await waitFor(
      async () => {
        await Promise.all(Array.from({ length: 6 }, () => send(router, "after").outcome));
        return stopped.started.slice(before).includes("after");
      },
      { timeoutMs: 10_000, what: "the replica's return" },
    );
  });
});

describe("requests that may not be repeated, at a replica that is stopped", () => {
  it("go elsewhere when it had not accepted them, and run once; accepted ones are left to it", async () => {
    const [stopped, other] = (await startProcesses(2)) as [StoppingReplica, StoppingReplica];
    const router = await routerTo([stopped.info], connectByUnix);
    const accepted = send(router, "wait:200", false);
    await waitFor(() => stopped.started.length === 1, { timeoutMs: 5_000, what: "the first request" });
    stopped.signal("SIGSTOP");
    const unaccepted = Array.from({ length: 5 }, (_, index) => send(router, `p${index}`, false));
    pools[0]?.update(snapshotOf([stopped.info, other.info]));
    for (const { outcome } of unaccepted) expect((await outcome).failure).toBeUndefined();
    expect(other.started).toHaveLength(5);
    expect(accepted.settled).toBe(false);
    stopped.signal("SIGCONT");
    expect((await accepted.outcome).body).toBe("wait:200");
    await waitFor(() => router.linked === 2, { timeoutMs: 10_000, what: "the new link" });
    await Promise.all(Array.from({ length: 4 }, () => send(router, "after", false).outcome));
    expect(stopped.started.filter((body) => body.startsWith("p"))).toEqual([]);
  });

  it("wait for it where nobody else is left", async () => {
    const [only] = (await startProcesses(1)) as [StoppingReplica];
    const router = await routerTo([only.info], connectByUnix);
    only.signal("SIGSTOP");
    const request = send(router, "x", false);
    await waitFor(() => router.counters.outliers === 1, { timeoutMs: 5_000, what: "the silence" });
    expect(request.settled).toBe(false);
    only.signal("SIGCONT");
    expect((await request.outcome).body).toBe("x");
    expect(only.started).toEqual(["x"]);
  });
});

const failing: Script = (arrival) =>
  whenComplete(arrival, (stream) => stream.reset(resetCodes.internal, "broken machinery"));

const start = async (script: Script): Promise<FakeReplica> => {
  const replica = await FakeReplica.start(script);
  fakes.push(replica);
  return replica;
};

describe("a replica that fails again and again", () => {
  it("is avoided, probed by one request after the other, and trusted once it answers", async () => {
    const [bad, good] = [await start(failing), await start(ok)];
    const router = await routerTo(infosOf([bad, good]), connectToFake);
    for (let count = 0; count < 100; count += 1) await send(router, "x").outcome;
    expect(bad.offered).toBe(5);
    expect(router.counters.outliers).toBe(1);
    await waitFor(
      async () => {
        await Promise.all(Array.from({ length: 4 }, () => send(router, "x").outcome));
        return bad.offered > 5;
      },
      { timeoutMs: 5_000, what: "the probe" },
    );
    expect(bad.offered).toBe(6);
    bad.script = ok;
    await waitFor(
      async () => {
        await Promise.all(Array.from({ length: 4 }, () => send(router, "x").outcome));
        return bad.offered > 10;
      },
      { timeoutMs: 10_000, what: "its return" },
    );
  });

  it("is used all the same while most of them fail: rather all than too few", async () => {
    const bad = [await start(failing), await start(failing)];
    const good = await start(ok);
    const router = await routerTo(infosOf([...bad, good]), connectToFake, 1);
    for (let count = 0; count < 60; count += 1) await send(router, "x").outcome;
    expect(router.counters.outliers).toBeGreaterThanOrEqual(2);
    const offered = bad.reduce((sum, replica) => sum + replica.offered, 0);
    // The good one has no room for the second of two at once.
    await Promise.all([send(router, "x").outcome, send(router, "x").outcome]);
    expect(bad.reduce((sum, replica) => sum + replica.offered, 0)).toBeGreaterThan(offered);
  });
});
