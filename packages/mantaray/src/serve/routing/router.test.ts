import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { newNodeId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import type { RoutingDeployment, RoutingSnapshot } from "../../protocol/routing.ts";
import { type InStream, resetCodes } from "../../rpc/types.ts";
import {
  answering,
  connectToFake,
  dyingBeforeAccept,
  dyingInAnswer,
  dyingInUserCode,
  FakeReplica,
  holding,
  rejecting,
  type Script,
  whenComplete,
} from "./fake-replica.ts";
import { createRouterPool, type RouterPool } from "./router-pool.ts";
import { TestRequest } from "./test-request.ts";

const nodeId = newNodeId();
const key = "app#D";
const ok = answering(Buffer.from("ok"), Buffer.from("body"));
const echo: Script = (arrival) => {
  const body = Buffer.from(arrival.body);
  return whenComplete(arrival, (stream) => stream.respond(Buffer.from("ok"), body, true));
};
let version = 0;
const pools: RouterPool[] = [];
const replicas: FakeReplica[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close(0)));
  await Promise.all(replicas.splice(0).map((replica) => replica.die()));
});

const startReplica = async (script: Script, onNode = newNodeId()): Promise<FakeReplica> => {
  const replica = await FakeReplica.start(script, onNode);
  replicas.push(replica);
  return replica;
};

const snapshotOf = (members: readonly FakeReplica[], changes: Partial<RoutingDeployment> = {}): RoutingSnapshot => ({
  version: ++version,
  http: { requestTimeoutMs: null, keepAliveTimeoutMs: 1_000, rootPath: "" },
  routes: [],
  deployments: {
    [key]: {
      app: "app",
      deployment: "D",
      available: true,
      maxOngoingRequests: 5,
      maxQueuedRequests: -1,
      retryNonIdempotent: false,
      replicas: members.map(({ info }) => info),
      ...changes,
    },
  },
});

const createPool = (): RouterPool => {
  const pool = createRouterPool({
    nodeId,
    preferLocal: true,
    connect: connectToFake,
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
  });
  pools.push(pool);
  return pool;
};

/** A pool that has links to all of `members`. */
const connected = async (members: readonly FakeReplica[], changes: Partial<RoutingDeployment> = {}) => {
  const pool = createPool();
  pool.update(snapshotOf(members, changes));
  const router = pool.router(key);
  await waitFor(() => router.linked === members.length, { timeoutMs: 5_000, what: "links to the replicas" });
  return { pool, router };
};

const send = (router: { dispatch(request: TestRequest): void }, options = {}): TestRequest => {
  const request = new TestRequest(options);
  router.dispatch(request);
  return request;
};

describe("a request to a deployment", () => {
  it("is answered by a replica", async () => {
    const { router } = await connected([await startReplica(ok)]);
    expect(await send(router).outcome).toMatchObject({ head: "ok", body: "body", failure: undefined });
    expect(router.counters).toMatchObject({ requests: 1, sent: 1, ok: 1, okAfterRetry: 0 });
    expect(router.ongoing).toBe(0);
  });

  it("goes to the next replica when one takes no notice, whatever its kind, and is not sent there again at once", async () => {
    const [full, free] = [await startReplica(rejecting(5)), await startReplica(ok)];
    const { router } = await connected([full, free]);
    for (let count = 0; count < 10; count += 1) {
      expect((await send(router, { repeatable: count % 2 === 0 }).outcome).failure).toBeUndefined();
    }
    expect(free.started).toBe(10);
    expect(full.offered).toBeLessThanOrEqual(5);
    expect(router.counters).toMatchObject({ ok: 10, okAfterRetry: 0, failed: 0 });
  });
});

describe("a replica that was busy with others", () => {
  it("is chosen again once that is old news", async () => {
    const [busy, free] = [await startReplica(ok), await startReplica(ok)];
    const { router } = await connected([busy, free]);
    busy.claim(4);
    await waitFor(async () => (await send(router).outcome, busy.started === 1), { timeoutMs: 2_000, what: "its word" });
    busy.claim(0);
    const before = free.started;
    await Promise.all([send(router).outcome, send(router).outcome]);
    expect(free.started).toBe(before + 2);
    await waitFor(async () => (await send(router).outcome, busy.started > 1), {
      timeoutMs: 4_000,
      what: "a request for the one that was busy",
    });
  });
});

describe("a request that finds no free replica", () => {
  it("waits for a slot in order, and goes the moment an answer frees it", async () => {
    const held: InStream[] = [];
    const replica = await startReplica(holding(held));
    const { router } = await connected([replica], { maxOngoingRequests: 2 });
    const requests = [send(router), send(router), send(router), send(router)];
    await waitFor(() => held.length === 2, { timeoutMs: 2_000, what: "two requests at the replica" });
    expect(router.queued).toBe(2);
    expect(replica.offered).toBe(2);
    held.shift()?.respond(Buffer.from("1"), null, true);
    await waitFor(() => held.length === 2, { timeoutMs: 2_000, what: "the third request" });
    held.shift()?.respond(Buffer.from("2"), null, true);
    await waitFor(() => held.length === 2, { timeoutMs: 2_000, what: "the fourth request" });
    for (const stream of held) stream.respond(Buffer.from("x"), null, true);
    const heads = (await Promise.all(requests.map(({ outcome }) => outcome))).map(({ head }) => head);
    expect(heads).toEqual(["1", "2", "x", "x"]);
    expect(router.counters.rejected).toBe(0);
  });

  it("waits for a replica of a deployment that has none yet", async () => {
    const pool = createPool();
    pool.update(snapshotOf([]));
    const request = send(pool.router(key));
    expect(pool.router(key).queued).toBe(1);
    pool.update(snapshotOf([await startReplica(ok)]));
    expect((await request.outcome).failure).toBeUndefined();
  });

  it("is refused where a deployment failed and nobody is left, also when it waited already", async () => {
    const pool = createPool();
    pool.update(snapshotOf([]));
    const early = send(pool.router(key));
    pool.update(snapshotOf([], { available: false }));
    const late = send(pool.router(key));
    for (const { failure } of await Promise.all([early.outcome, late.outcome])) {
      expect(failure).toMatchObject({ code: "deployment_unavailable" });
      expect(failure?.message).toBe("Deployment(name='D', app='app') is unavailable because it failed to deploy.");
    }
  });

  it("is refused with the reference's words when too many wait", async () => {
    const pool = createPool();
    pool.update(snapshotOf([], { maxQueuedRequests: 2 }));
    const waiting = [send(pool.router(key)), send(pool.router(key))];
    const { failure } = await send(pool.router(key)).outcome;
    expect(failure).toMatchObject({
      code: "queue_full",
      message: "Request dropped due to backpressure (num_queued_requests=2, max_queued_requests=2).",
    });
    for (const { call } of waiting) call?.cancel();
    expect(pool.router(key).queued).toBe(0);
    expect(pool.counters()).toMatchObject({ overflow: 1, canceled: 2, queued: 2 });
  });

  it("ends at its deadline in the queue and at a replica, which hears of it", async () => {
    const pool = createPool();
    pool.update(snapshotOf([]));
    const queued = send(pool.router(key), { deadlineMs: systemClock.nowMs() + 50 });
    expect((await queued.outcome).failure?.code).toBe("deadline_exceeded");
    const replica = await startReplica(holding([]));
    pool.update(snapshotOf([replica]));
    const sent = send(pool.router(key), { deadlineMs: systemClock.nowMs() + 80 });
    expect((await sent.outcome).failure?.code).toBe("deadline_exceeded");
    await waitFor(() => replica.resets.length === 1, { timeoutMs: 2_000, what: "the reset" });
    expect(pool.counters().timedOut).toBe(2);
  });

  it("is taken back from the replica when it is canceled", async () => {
    const held: InStream[] = [];
    const replica = await startReplica(holding(held));
    const { router } = await connected([replica], { maxOngoingRequests: 1 });
    const first = send(router);
    await waitFor(() => held.length === 1, { timeoutMs: 2_000, what: "the request" });
    const second = send(router);
    first.call?.cancel();
    await waitFor(() => held.length === 2, { timeoutMs: 2_000, what: "the one that waited" });
    expect(replica.resets).toEqual([resetCodes.canceled]);
    held[1]?.respond(Buffer.from("y"), null, true);
    expect((await second.outcome).head).toBe("y");
    expect(first.settled).toBe(false);
  });
});

describe("a replica that dies", () => {
  it("before it accepted: any request goes elsewhere", async () => {
    const [dying, living] = [await startReplica(dyingBeforeAccept, nodeId), await startReplica(ok)];
    const { router } = await connected([dying, living]);
    expect((await send(router).outcome).failure).toBeUndefined();
    expect(dying).toMatchObject({ offered: 1, started: 0 });
    expect(router.counters).toMatchObject({ retriedNotAccepted: 1, okAfterRetry: 1, lost: 0 });
  });

  it("after it accepted: what may not run twice is given back with the reason", async () => {
    const [dying, living] = [await startReplica(dyingInUserCode, nodeId), await startReplica(ok)];
    const { router } = await connected([dying, living]);
    const { failure } = await send(router).outcome;
    expect(failure).toMatchObject({ code: "actor_died", responded: false });
    expect(failure?.message).toContain(dying.info.replicaId);
    expect(living.started).toBe(0);
    expect(router.counters).toMatchObject({ lost: 1, ok: 0 });
  });

  it("after it accepted: what may run twice goes elsewhere, its body too", async () => {
    const [dying, living] = [await startReplica(dyingInUserCode, nodeId), await startReplica(echo)];
    const { router } = await connected([dying, living]);
    const request = send(router, { repeatable: true, body: "payload" });
    expect(await request.outcome).toMatchObject({ body: "payload", failure: undefined });
    expect(request.retries).toBe(1);
    expect(router.counters).toMatchObject({ retriedRepeatable: 1, okAfterRetry: 1 });
  });

  it("in the middle of its answer: the answer is cut", async () => {
    const { router } = await connected([
      await startReplica(dyingInAnswer(Buffer.from("ok"), Buffer.from("half")), nodeId),
      await startReplica(ok),
    ]);
    const outcome = await send(router, { repeatable: true }).outcome;
    expect(outcome).toMatchObject({ head: "ok", body: "half", failure: { responded: true } });
    expect(router.counters).toMatchObject({ cut: 1 });
  });

  it("is given up after a few when every one that gets the request dies", async () => {
    const dying = await Promise.all(Array.from({ length: 8 }, () => startReplica(dyingInUserCode)));
    const { router } = await connected(dying);
    const { failure } = await send(router, { repeatable: true }).outcome;
    expect(failure?.code).toBe("actor_died");
    expect(dying.reduce((sum, { started }) => sum + started, 0)).toBe(5);
  });

  it("as its owner says, though the link stands: its requests go elsewhere at once", async () => {
    const [hung, living] = [await startReplica(holding([]), nodeId), await startReplica(ok)];
    const { pool, router } = await connected([hung, living]);
    const request = send(router, { repeatable: true });
    await waitFor(() => hung.started === 1, { timeoutMs: 2_000, what: "the request at the hung replica" });
    pool.down([hung.info.actorId]);
    expect((await request.outcome).failure).toBeUndefined();
    pool.update(snapshotOf([hung, living]));
    await send(router).outcome;
    expect(hung.offered).toBe(1);
  });

  it("only in appearance: a broken link is dialled again", async () => {
    const replica = await startReplica(ok);
    const { router } = await connected([replica]);
    replica.breakLinks();
    expect((await send(router).outcome).failure).toBeUndefined();
    expect(replica.links).toBe(1);
  });
});

describe("a replica that leaves", () => {
  it("by the snapshot: finishes what it has, gets nothing new, and its link closes", async () => {
    const held: InStream[] = [];
    const [leaving, staying] = [await startReplica(holding(held), nodeId), await startReplica(ok)];
    const { pool, router } = await connected([leaving, staying]);
    const request = send(router);
    await waitFor(() => held.length === 1, { timeoutMs: 2_000, what: "the request" });
    pool.update(snapshotOf([staying]));
    await send(router).outcome;
    expect(leaving.offered).toBe(1);
    held[0]?.respond(Buffer.from("late"), null, true);
    expect((await request.outcome).head).toBe("late");
    await waitFor(() => leaving.links === 0, { timeoutMs: 2_000, what: "the link's end" });
  });

  it("by GOAWAY: the same, before the snapshot says so", async () => {
    const held: InStream[] = [];
    const [leaving, staying] = [await startReplica(holding(held), nodeId), await startReplica(ok)];
    const { router } = await connected([leaving, staying]);
    const before = send(router);
    await waitFor(() => held.length === 1, { timeoutMs: 2_000, what: "the request" });
    leaving.drain();
    const after = await Promise.all(Array.from({ length: 10 }, () => send(router).outcome));
    expect(after.every(({ failure }) => failure === undefined)).toBe(true);
    held[0]?.respond(Buffer.from("late"), null, true);
    expect((await before.outcome).head).toBe("late");
  });
});

describe("a streaming body", () => {
  it("is held until the replica has accepted, and sent again from the start when it had not", async () => {
    const [full, free] = [await startReplica(rejecting(9), nodeId), await startReplica(ok)];
    const { router } = await connected([full, free]);
    const request = send(router, { bodyEnded: false, body: "abc" });
    request.call?.write(Buffer.from("def"));
    request.call?.write(Buffer.from("ghi"));
    request.call?.end();
    expect((await request.outcome).failure).toBeUndefined();
    expect(full.offered).toBe(1);
    expect(free.bodyBytes).toBe(9);
  });

  it("stops at what a replica that does not read takes, and holds no more than may be replayed", async () => {
    const held: InStream[] = [];
    const lazy: Script = (arrival) => {
      arrival.stream.pause();
      return whenComplete(arrival, (stream) => held.push(stream));
    };
    const replica = await startReplica(lazy);
    const { router } = await connected([replica]);
    const request = send(router, { bodyEnded: false });
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    while (written < 64 && request.call?.write(chunk) === true) written += 1;
    expect(written).toBeLessThan(16);
    request.call?.cancel();
  });
});

describe("the pool", () => {
  it("gives an unknown deployment a little time, then says so", async () => {
    const pool = createPool();
    pool.update(snapshotOf([]));
    const waiting = send(pool.router("app#Later"));
    expect(waiting.settled).toBe(false);
    const replica = await startReplica(ok);
    const snapshot = snapshotOf([replica]);
    const later = { ...snapshot, deployments: { "app#Later": snapshot.deployments[key] } } as RoutingSnapshot;
    pool.update(later);
    expect((await waiting.outcome).failure).toBeUndefined();
  });

  it("waits for what is open when it closes, refuses what is new, and lets go of links", async () => {
    const held: InStream[] = [];
    const replica = await startReplica(holding(held));
    const { pool, router } = await connected([replica]);
    const open = send(router);
    await waitFor(() => held.length === 1, { timeoutMs: 2_000, what: "the request" });
    const closed = pool.close(5_000);
    expect((await send(router).outcome).failure?.code).toBe("draining");
    held[0]?.respond(Buffer.from("last"), null, true);
    expect((await open.outcome).head).toBe("last");
    await closed;
    await waitFor(() => replica.links === 0, { timeoutMs: 2_000, what: "the link's end" });
  });

  it("keeps to an order: an older snapshot changes nothing", async () => {
    const { pool, router } = await connected([await startReplica(ok)]);
    pool.update({ ...snapshotOf([]), version: 1 });
    expect((await send(router).outcome).failure).toBeUndefined();
  });
});
