import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { waitFor } from "../base/wait.ts";
import { sampleRouting } from "../store/sample-records.ts";
import { FlakyStore, type StoreView } from "./fixtures/flaky-store.ts";
import { aliveCount, TestCluster, type TestGcs, testSpec, untilActors } from "./fixtures/test-cluster.ts";
import { gcsLimits } from "./limits.ts";

let store: FlakyStore;
let view: StoreView;
let cluster: TestCluster;
let head: TestGcs;
beforeEach(async () => {
  store = await FlakyStore.open(systemClock);
  view = store.view();
  cluster = new TestCluster();
  head = await cluster.start(view);
});
afterEach(() => cluster.close());

/** Goes away, and waits until nobody takes that for slowness any more. */
const goAway = async (): Promise<void> => {
  view.away = "Redis at x is out of memory";
  await head.gcs.reportEvent({ event: { atMs: 1, kind: "k", message: "m", fields: {} } });
  await waitFor(
    () =>
      head.gcs.kvPut({ namespace: "n", key: "probe", value: new Uint8Array() }).then(
        () => false,
        ({ message }: Error) => message.includes("is away for"),
      ),
    { timeoutMs: 10_000, what: "the refusal" },
  );
};

describe("while the store is away", () => {
  it("changes that people ask for are refused at once with the reason, and change nothing; the rest is answered", async () => {
    const agent = await cluster.agent(head.address);
    await head.gcs.createActor({ spec: testSpec() });
    const [actor] = await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    await goAway();
    const { gcs } = head;
    const startMs = performance.now();
    const changes = [
      () => gcs.createActor({ spec: testSpec({ name: "new" }) }),
      () => gcs.killActor({ actorId: actor!.actorId, noRestart: true, graceMs: 0, reason: "r" }),
      () => gcs.removeActor({ actorId: actor!.actorId, graceMs: 0, reason: "r" }),
      () => gcs.kvPut({ namespace: "n", key: "k", value: new Uint8Array([1]) }),
      () => gcs.putRouting({ snapshot: sampleRouting(1) }),
      () => gcs.drainNode({ nodeId: agent.nodeId, reason: "r", timeoutMs: 1 }),
    ];
    for (const change of changes) {
      await expect(change()).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("Redis at x is out of memory") as string,
      });
    }
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect((await gcs.listActors({})).actors).toMatchObject([{ actorId: actor!.actorId, state: "ALIVE" }]);
    expect((await gcs.kvGet({ namespace: "n", key: "k" })).value).toBeNull();
    expect((await gcs.getRouting({})).snapshot).toBeNull();
    expect((await gcs.listNodes({})).nodes).toMatchObject([{ draining: false }]);
    expect(agent.stops).toEqual([]);
  });

  it("agents are believed and actors restart; all of it is stored once it is back", async () => {
    const agent = await cluster.agent(head.address);
    await head.gcs.createActor({ spec: testSpec({ maxRestarts: -1 }) });
    const [actor] = await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    await goAway();
    await agent.exit(actor!.actorId);
    await untilActors(head.gcs, ([each]) => each?.state === "ALIVE" && each.restarts === 1);
    const other = await cluster.agent(head.address);
    expect(await other.beat()).toBe(false);
    view.away = "";
    const backMs = performance.now();
    await waitFor(async () => (await store.load()).nodes.length === 2, { timeoutMs: 3_000, what: "the tables" });
    expect(performance.now() - backMs).toBeLessThan(2_000);
    expect((await store.load()).actors).toMatchObject([{ state: "ALIVE", restarts: 1 }]);
    await head.gcs.kvPut({ namespace: "n", key: "k", value: new Uint8Array([1]) });
    expect(await other.beat()).toBe(true);
  });

  it("an actor keeps the cluster as it should be: what it replaces starts, and checkpoints are refused", async () => {
    await cluster.agent(head.address);
    await head.gcs.createActor({ spec: testSpec({ name: "controller" }) });
    const [controller] = await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    const { actorId, workerId } = controller!;
    const own = await cluster.client(head.address, { role: "worker", id: `${actorId}:0:${workerId}` });
    await goAway();
    const { actor } = await own.createActor({ spec: testSpec() });
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 2);
    await own.putRouting({ snapshot: sampleRouting(3) });
    await own.removeActor({ actorId: actor.actorId, graceMs: 0, reason: "r" });
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    const checkpoint = own.kvPut({ namespace: "n", key: "k", value: new Uint8Array() });
    await expect(checkpoint).rejects.toMatchObject({ code: "unavailable" });
    view.away = "";
    await waitFor(async () => (await store.load()).routing?.version === 3, { timeoutMs: 3_000, what: "the tables" });
  });
});

describe("a slow store", () => {
  it("of two seconds is just slow: changes are made, none twice", async () => {
    await cluster.agent(head.address);
    view.delayMs = 2_000;
    const startMs = performance.now();
    await Promise.all([
      head.gcs.createActor({ spec: testSpec({ name: "a" }) }),
      head.gcs.kvPut({ namespace: "n", key: "k", value: new Uint8Array([1]) }),
    ]);
    expect(performance.now() - startMs).toBeLessThan(gcsLimits.storeAckMs);
    expect((await head.gcs.ping({})).store.available).toBe(true);
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 1, "the actor", 10_000);
    expect((await store.load()).kv).toHaveLength(1);
    view.delayMs = 0;
  });
});
