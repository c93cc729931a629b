import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { waitFor } from "../base/wait.ts";
import { storeLimits } from "../store/index.ts";
import { FlakyStore } from "./fixtures/flaky-store.ts";
import { aliveCount, TestCluster, type TestGcs, testSpec, untilActors } from "./fixtures/test-cluster.ts";

let store: FlakyStore;
let cluster: TestCluster;
beforeEach(async () => {
  store = await FlakyStore.open(systemClock);
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

const untilLeads = (gcs: TestGcs, timeoutMs = 10_000): Promise<boolean> =>
  waitFor(() => gcs.running.role === "leader", { timeoutMs, what: "the standby to lead" });

describe("of two control stores on one store", () => {
  it("one leads and the other waits, answers only ping, and says where the leader is", async () => {
    const [a, b] = await Promise.all([cluster.start(store.view()), cluster.start(store.view())]);
    const [leader, standby] = a.running.role === "leader" ? [a, b] : [b, a];
    expect([leader.running.role, standby.running.role]).toEqual(["leader", "standby"]);
    expect(await leader.gcs.ping({})).toMatchObject({
      role: "leader",
      leader: leader.address,
      store: { available: true },
    });
    await waitFor(async () => (await standby.gcs.ping({})).leader === leader.address, {
      timeoutMs: 2_000,
      what: "the standby to know the leader",
    });
    for (const refused of [standby.gcs.listNodes({}), standby.gcs.createActor({ spec: testSpec() })]) {
      await expect(refused).rejects.toMatchObject({ code: "not_leader", details: { leader: leader.address } });
    }
    await leader.gcs.createActor({ spec: testSpec() });
    expect((await store.load()).actors).toHaveLength(1);
  });

  it("the waiting one leads soon after the other stops in order, and calls every node to itself", async () => {
    const first = await cluster.start(store.view());
    const second = await cluster.start(store.view());
    const agents = [await cluster.agent(first.address), await cluster.agent(first.address)];
    await first.gcs.createActor({ spec: testSpec() });
    const before = await untilActors(first.gcs, (actors) => aliveCount(actors) === 1);
    const startMs = performance.now();
    await first.running.close();
    await untilLeads(second);
    await waitFor(async () => !(await second.gcs.ping({})).recovering, { timeoutMs: 3_000, what: "the recovery" });
    expect(performance.now() - startMs).toBeLessThan(1_500);
    expect((await second.gcs.listActors({})).actors).toEqual(before);
    expect(agents.flatMap(({ starts }) => starts)).toHaveLength(1);
    expect(agents.every(({ registrations }) => registrations === 2)).toBe(true);
  });

  it("the waiting one leads when the other cannot reach the store; the other ends as soon as an agent says so", async () => {
    const view = store.view();
    const first = await cluster.start(view);
    const second = await cluster.start(store.view());
    const agent = await cluster.agent(first.address, { others: [second.address] });
    view.away = "our network is cut";
    await waitFor(async () => !(await agent.beat()), { timeoutMs: 3_000, what: "the word that the store is away" });
    await untilLeads(second);
    const { epoch } = await second.gcs.ping({});
    await waitFor(() => agent.registrations === 2 && agent.epoch === epoch, {
      timeoutMs: 3_000,
      what: "the agent to follow",
    });
    // The old one still believes that it leads, and has no store to ask.
    const late = await cluster.agent(first.address);
    const link = await late.gcs();
    await link.heartbeat({ nodeId: late.nodeId, newerEpoch: epoch - 1_000_000 });
    expect(first.running.role).toBe("leader");
    await link.heartbeat({ nodeId: late.nodeId, newerEpoch: epoch }).catch(() => undefined);
    expect(await first.running.failed).toMatchObject({ code: "stale_epoch" });
  });
});

describe("a leader that loses every other node at once", () => {
  it("gives the lease back, and the standby leads, to whom all come that can", async () => {
    const first = await cluster.start(store.view());
    const second = await cluster.start(store.view());
    const own = await cluster.agent(first.address, { gcsAddress: first.address, isHead: true });
    const lost = [
      await cluster.agent(first.address, { gcsAddress: second.address }),
      await cluster.agent(first.address),
    ];
    await lost[0]!.die();
    // One that is lost may be dead, and is no reason.
    await waitFor(async () => (await first.gcs.listNodes({})).nodes.some(({ state }) => state === "DEAD"), {
      timeoutMs: 5_000,
      what: "the first to be given up",
    });
    expect(first.running.role).toBe("leader");
    const back = await cluster.agent(first.address, { gcsAddress: second.address });
    await Promise.all([back.die(), lost[1]!.die()]);
    await untilLeads(second, 3_000);
    await waitFor(() => own.registrations === 2, { timeoutMs: 3_000, what: "its node to follow" });
    expect(await first.running.failed).toMatchObject({ code: "draining" });
  });
});

describe("a leader whose store is away", () => {
  it("leads on alone, and again with the same epoch when it is back", async () => {
    const view = store.view();
    const { gcs } = await cluster.start(view);
    const { epoch } = await gcs.ping({});
    view.away = "it is down";
    await waitFor(async () => (await gcs.ping({})).store.reason === "it is down", {
      timeoutMs: 3_000,
      what: "the loss to be noticed",
    });
    const sinceMs = performance.now();
    await waitFor(() => performance.now() - sinceMs > storeLimits.leaseTtlMs * 1.5, {
      timeoutMs: 10_000,
      what: "time",
    });
    expect(await gcs.ping({})).toMatchObject({ role: "leader", epoch, store: { available: false } });
    view.away = "";
    await waitFor(async () => (await gcs.ping({})).store.available, { timeoutMs: 2_000, what: "the store" });
    expect(await gcs.ping({})).toMatchObject({ role: "leader", epoch });
  });

  it("that starts while the store is away stands by, says why, and leads when it is there", async () => {
    const view = store.view();
    view.away = "Redis at x refuses connections";
    const started = await cluster.start(view);
    expect(await started.gcs.ping({})).toMatchObject({
      role: "standby",
      leader: "",
      store: { available: false, reason: "Redis at x refuses connections" },
    });
    view.away = "";
    await untilLeads(started, 3_000);
  });
});

describe("the head", () => {
  it("is the node of the leading control store, and moves with the lease; the node that was it lives on", async () => {
    const first = await cluster.start(store.view());
    const second = await cluster.start(store.view());
    const a = await cluster.agent(first.address, { gcsAddress: first.address, isHead: true });
    const b = await cluster.agent(first.address, { gcsAddress: second.address });
    await first.gcs.createActor({ spec: testSpec({ maxRestarts: -1, placement: { onHead: true } }) });
    const before = await untilActors(first.gcs, (actors) => aliveCount(actors) === 1);
    expect(a.gcsAddresses).toEqual([first.address]);
    expect(b.gcsAddresses).toEqual([first.address, second.address]);
    await first.running.close();
    await untilLeads(second);
    await waitFor(() => a.registrations === 2 && b.registrations === 2, { timeoutMs: 3_000, what: "both nodes" });
    const heads = (await second.gcs.listNodes({})).nodes.filter(({ isHead }) => isHead);
    expect(heads.map(({ nodeId }) => nodeId)).toEqual([b.nodeId]);
    // What lives is left where it is; only what has to start again follows the head.
    expect((await second.gcs.listActors({})).actors).toEqual(before);
    await a.exit(before[0]!.actorId);
    const [moved] = await untilActors(second.gcs, ([actor]) => actor?.state === "ALIVE" && actor.restarts === 1);
    expect(moved?.nodeId).toBe(b.nodeId);
  });

  it("that is gone with its machine is replaced without waiting for it as long as for others", async () => {
    const first = await cluster.start(store.view());
    const second = await cluster.start(store.view());
    const a = await cluster.agent(first.address, { gcsAddress: first.address, isHead: true });
    const b = await cluster.agent(first.address, { gcsAddress: second.address });
    await first.gcs.createActor({ spec: testSpec({ maxRestarts: -1, placement: { onHead: true } }) });
    await untilActors(first.gcs, (actors) => aliveCount(actors) === 1);
    await a.die();
    await first.running.close();
    await untilLeads(second);
    const leadsMs = performance.now();
    const [moved] = await untilActors(second.gcs, ([actor]) => actor?.state === "ALIVE" && actor.restarts === 1);
    expect(performance.now() - leadsMs).toBeLessThan(1_500);
    expect(moved?.nodeId).toBe(b.nodeId);
  });
});
