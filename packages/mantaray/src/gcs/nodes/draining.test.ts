import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { waitFor } from "../../base/wait.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import { sampleNode } from "../../store/sample-records.ts";
import { FlakyStore } from "../fixtures/flaky-store.ts";
import { aliveCount, TestCluster, type TestGcs, testSpec, untilActors } from "../fixtures/test-cluster.ts";

let store: FlakyStore;
let cluster: TestCluster;
let head: TestGcs;
beforeEach(async () => {
  store = await FlakyStore.open(systemClock);
  cluster = new TestCluster();
  head = await cluster.start(store.view());
});
afterEach(() => cluster.close());

const nodeOf = async (nodeId: string): Promise<NodeRecord | undefined> =>
  (await head.gcs.listNodes({})).nodes.find((node) => node.nodeId === nodeId);

const eventKinds = async (): Promise<string[]> =>
  (await head.gcs.listEvents({ limit: 100 })).events.map(({ kind }) => kind);

describe("a node that is to drain", () => {
  it("is marked and told, gets nothing new, and is gone when it says so; the earlier deadline counts", async () => {
    const [leaving, other] = [await cluster.agent(head.address), await cluster.agent(head.address)];
    const { nodeId } = leaving;
    const startMs = systemClock.wallMs();
    await head.gcs.drainNode({ nodeId, reason: "scale-down", timeoutMs: 60_000 });
    await waitFor(() => leaving.drains.length === 1, { timeoutMs: 2_000, what: "the order" });
    expect(leaving.drains[0]?.reason).toBe("scale-down");
    const marked = await nodeOf(nodeId);
    expect(marked).toMatchObject({ draining: true, drain: { reason: "scale-down" }, state: "ALIVE" });
    await head.gcs.drainNode({ nodeId, reason: "again", timeoutMs: 120_000 });
    expect((await nodeOf(nodeId))?.drain).toEqual(marked?.drain);
    await head.gcs.drainNode({ nodeId, reason: "preempted", timeoutMs: 5_000 });
    expect((await nodeOf(nodeId))?.drain?.deadlineMs).toBeLessThan(startMs + 30_000);
    for (let count = 0; count < 4; count += 1) await head.gcs.createActor({ spec: testSpec() });
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 4);
    expect([leaving.starts.length, other.starts.length]).toEqual([0, 4]);
    await (await leaving.gcs()).unregisterNode({ nodeId, reason: "drained" });
    expect(await nodeOf(nodeId)).toMatchObject({ state: "DEAD", stateMessage: "drained" });
    expect(await eventKinds()).toEqual(["node_joined", "node_joined", "node_draining", "node_left"]);
    const gone = head.gcs.drainNode({ nodeId, reason: "r", timeoutMs: 1 });
    await expect(gone).rejects.toMatchObject({ code: "not_found" });
    const none = head.gcs.drainNode({ nodeId: sampleNode().nodeId, reason: "r", timeoutMs: 1 });
    await expect(none).rejects.toMatchObject({ code: "not_found" });
  });

  it("by its own decision is not told what it knows, and stays marked when it registers again", async () => {
    const leaving = await cluster.agent(head.address);
    const { nodeId } = leaving;
    await (await leaving.gcs()).nodeDraining({ nodeId, reason: "SIGTERM", timeoutMs: 30_000 });
    expect(await nodeOf(nodeId)).toMatchObject({ draining: true, drain: { reason: "SIGTERM" } });
    expect(leaving.drains).toEqual([]);
    await leaving.breakLink();
    expect(await nodeOf(nodeId)).toMatchObject({ draining: true, drain: { reason: "SIGTERM" } });
    await waitFor(() => leaving.drains.length === 1, { timeoutMs: 2_000, what: "the reminder" });
    expect(leaving.drains[0]?.timeoutMs).toBeLessThanOrEqual(30_000);
  });

  it("has what restarts go elsewhere, but for what is bound to it", async () => {
    const leaving = await cluster.agent(head.address);
    const { nodeId } = leaving;
    const free = (await head.gcs.createActor({ spec: testSpec({ maxRestarts: -1 }) })).actor;
    const bound = (await head.gcs.createActor({ spec: testSpec({ maxRestarts: -1, placement: { nodeId } }) })).actor;
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 2);
    const other = await cluster.agent(head.address);
    await head.gcs.drainNode({ nodeId, reason: "r", timeoutMs: 60_000 });
    await leaving.exit(free.actorId);
    await leaving.exit(bound.actorId);
    const actors = await untilActors(
      head.gcs,
      (all) => aliveCount(all) === 2 && all.every(({ restarts }) => restarts === 1),
    );
    const nodeOfActor = (actorId: string) => actors.find((actor) => actor.actorId === actorId)?.nodeId;
    expect(nodeOfActor(free.actorId)).toBe(other.nodeId);
    expect(nodeOfActor(bound.actorId)).toBe(nodeId);
  });

  it("and is the head hands the lease over at once where another control store stands by", async () => {
    const standby = await cluster.start(store.view());
    const a = await cluster.agent(head.address, { gcsAddress: head.address, isHead: true });
    const b = await cluster.agent(head.address, { gcsAddress: standby.address });
    const startMs = performance.now();
    await head.gcs.drainNode({ nodeId: a.nodeId, reason: "maintenance", timeoutMs: 60_000 });
    await waitFor(() => standby.running.role === "leader", { timeoutMs: 3_000, what: "the hand-over" });
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(await head.running.failed).toMatchObject({ code: "draining" });
    await waitFor(() => a.registrations === 2 && b.registrations === 2, { timeoutMs: 3_000, what: "both nodes" });
    const { nodes } = await standby.gcs.listNodes({});
    expect(nodes.find(({ nodeId }) => nodeId === a.nodeId)).toMatchObject({ draining: true, isHead: false });
    expect(nodes.find(({ nodeId }) => nodeId === b.nodeId)).toMatchObject({ draining: false, isHead: true });
    expect(a.drains.length).toBeGreaterThan(0);
  });
});
