import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { waitFor } from "../base/wait.ts";
import { sampleRouting } from "../store/sample-records.ts";
import type { FakeAgent } from "./fixtures/fake-agent.ts";
import { FlakyStore } from "./fixtures/flaky-store.ts";
import { aliveCount, TestCluster, type TestGcs, testSpec, untilActors } from "./fixtures/test-cluster.ts";

let store: FlakyStore;
let cluster: TestCluster;
beforeEach(async () => {
  store = await FlakyStore.open(systemClock);
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

const routingIs = (agent: FakeAgent, version: number): Promise<boolean> =>
  waitFor(() => agent.routing?.version === version, { timeoutMs: 3_000, what: "the snapshot" });

const byId = (x: { actorId: string }, y: { actorId: string }): number => (x.actorId < y.actorId ? -1 : 1);

/** The control store dies and comes back at its address. */
const restart = async (gcs: TestGcs): Promise<TestGcs> => {
  await gcs.running.close();
  return cluster.start(store.view(), { address: gcs.address, holder: "again" });
};

describe("a store that is emptied", () => {
  it("under a living leader is filled again, and agents hear the new epoch", async () => {
    const head = await cluster.start(store.view(), { holder: "again" });
    const agent = await cluster.agent(head.address);
    await head.gcs.createActor({ spec: testSpec({ name: "a" }) });
    const before = await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    await head.gcs.kvPut({ namespace: "n", key: "k", value: new Uint8Array([1]) });
    await head.gcs.putRouting({ snapshot: sampleRouting(7, before) });
    const { epoch } = await head.gcs.ping({});
    await store.loseData();
    // Nothing changes: the next renewal finds out.
    await waitFor(async () => (await store.load()).actors.length === 1, { timeoutMs: 3_000, what: "the tables" });
    const tables = await store.load();
    expect(tables.actors).toEqual(before);
    expect(tables).toMatchObject({ kv: [{ key: "k" }], routing: { version: 7 }, nodes: [{ nodeId: agent.nodeId }] });
    const now = await head.gcs.ping({});
    expect(now.epoch).toBeGreaterThan(epoch);
    await head.gcs.createActor({ spec: testSpec() });
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 2);
    expect(agent.epoch).toBe(now.epoch);
    expect(agent.registrations).toBe(1);
  });

  it("with the leader is filled from the nodes: actors, names, routing, bundles; nothing healthy restarts", async () => {
    const head = await cluster.start(store.view(), { holder: "again" });
    const [a, b] = [await cluster.agent(head.address), await cluster.agent(head.address)];
    const named = { name: "controller", namespace: "serve", keep: true, maxRestarts: -1 };
    await head.gcs.createActor({ spec: testSpec(named) });
    for (let count = 0; count < 3; count += 1) await head.gcs.createActor({ spec: testSpec() });
    const before = await untilActors(head.gcs, (actors) => aliveCount(actors) === 4);
    await head.gcs.putRouting({ snapshot: sampleRouting(9, before) });
    await routingIs(b, 9);
    a.bundles.set("b1", new Uint8Array([1, 2, 3]));
    const starts = a.starts.length + b.starts.length;
    await store.loseData();
    const again = await restart(head);
    const after = await untilActors(again.gcs, (actors) => aliveCount(actors) === 4);
    expect(after.toSorted(byId)).toEqual(before.toSorted(byId));
    expect(a.starts.length + b.starts.length).toBe(starts);
    const again2 = again.gcs.createActor({ spec: testSpec(named) });
    await expect(again2).rejects.toMatchObject({ code: "already_exists" });
    await waitFor(async () => (await again.gcs.getRouting({})).snapshot?.version === 9, {
      timeoutMs: 3_000,
      what: "the routing snapshot",
    });
    expect((await store.load()).routing?.version).toBe(9);
    const { value } = await again.gcs.kvGet({ namespace: "bundles", key: "b1" });
    expect([...(value ?? [])]).toEqual([1, 2, 3]);
    expect((await again.gcs.kvGet({ namespace: "bundles", key: "b2" })).value).toBeNull();
    await waitFor(async () => (await store.load()).kv.length === 1, {
      timeoutMs: 1_000,
      what: "the bundle to be stored",
    });
  });
});

describe("a routing snapshot that only a node has", () => {
  it("is waited for by whoever asks for it once the node is known", async () => {
    const head = await cluster.start(store.view(), { holder: "again" });
    const agent = await cluster.agent(head.address);
    await head.gcs.createActor({ spec: testSpec() });
    const actors = await untilActors(head.gcs, (now) => aliveCount(now) === 1);
    await head.gcs.putRouting({ snapshot: sampleRouting(9, actors) });
    await routingIs(agent, 9);
    const fetched = Promise.withResolvers<void>();
    agent.routingWait = fetched.promise;
    await store.loseData();
    const again = await restart(head);
    expect((await again.gcs.getRouting({})).snapshot).toBeNull();
    await untilActors(again.gcs, (now) => aliveCount(now) === 1);
    const asked = again.gcs.getRouting({});
    fetched.resolve();
    expect((await asked).snapshot?.version).toBe(9);
  });

  it("is not waited for for ever", async () => {
    const head = await cluster.start(store.view(), { holder: "again" });
    const agent = await cluster.agent(head.address);
    agent.routing = sampleRouting(9, []);
    agent.routingWait = new Promise(() => undefined);
    await agent.breakLink();
    expect((await head.gcs.getRouting({}, { timeoutMs: 8_000 })).snapshot).toBeNull();
  });
});

describe("two actors of one name that only nodes know", () => {
  it("do not live both: the younger one had followed the elder", async () => {
    const head = await cluster.start(store.view(), { holder: "again" });
    const [old, other] = [await cluster.agent(head.address), await cluster.agent(head.address)];
    const named = { name: "c", placement: { nodeId: old.nodeId } };
    const { actor: elder } = await head.gcs.createActor({ spec: testSpec(named) });
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    // Replaced while its node was cut off and did not hear of it.
    old.ignoreStops = true;
    await old.exit(elder.actorId);
    old.restartedInSecret(elder);
    await waitFor(() => systemClock.wallMs() > elder.startMs + 1, { timeoutMs: 1_000, what: "time" });
    const { actor: younger } = await head.gcs.createActor({
      spec: testSpec({ name: "c", placement: { nodeId: other.nodeId } }),
    });
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    await store.loseData();
    old.ignoreStops = false;
    const again = await restart(head);
    await untilActors(
      again.gcs,
      (actors) => aliveCount(actors) === 1 && !old.actors.has(elder.actorId),
      "one of them to live",
    );
    const { actor } = await again.gcs.getActor({ name: "c", namespace: "default" });
    expect(actor).toMatchObject({ actorId: younger.actorId, state: "ALIVE" });
  });
});
