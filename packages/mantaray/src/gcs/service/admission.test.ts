import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { newWorkerId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { sampleActor, sampleRouting } from "../../store/sample-records.ts";
import type { FakeAgent } from "../fixtures/fake-agent.ts";
import { FlakyStore } from "../fixtures/flaky-store.ts";
import { aliveCount, TestCluster, type TestGcs, testSpec, untilActors } from "../fixtures/test-cluster.ts";

let cluster: TestCluster;
let head: TestGcs;
let agent: FakeAgent;
let controller: ActorRecord;
beforeEach(async () => {
  cluster = new TestCluster();
  head = await cluster.start((await FlakyStore.open(systemClock)).view());
  agent = await cluster.agent(head.address);
  await head.gcs.createActor({ spec: testSpec({ name: "controller", maxRestarts: -1 }) });
  [controller = sampleActor()] = await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
});
afterEach(() => cluster.close());

const put = async (id: string): Promise<string> => {
  const gcs = await cluster.client(head.address, { role: "worker", id });
  const value = new Uint8Array();
  return gcs.kvPut({ namespace: "n", key: "k", value }).then(
    () => "done",
    ({ code }: { code: string }) => code,
  );
};

describe("a change that an actor asks for", () => {
  it("is made while it is the one that lives, by its id alone or with its process", async () => {
    expect(await put(controller.actorId)).toBe("done");
    expect(await put(`${controller.actorId}:0:${controller.workerId}`)).toBe("done");
  });

  it("is refused once it is dead, whatever it asks for", async () => {
    await head.gcs.removeActor({ actorId: controller.actorId, graceMs: 0, reason: "r" });
    await untilActors(head.gcs, ([actor]) => actor?.state === "DEAD");
    expect(await put(controller.actorId)).toBe("stale_epoch");
    const gcs = await cluster.client(head.address, { role: "worker", id: controller.actorId });
    const target = sampleActor().actorId;
    for (const change of [
      gcs.createActor({ spec: testSpec() }),
      gcs.killActor({ actorId: target, noRestart: true, graceMs: 0, reason: "r" }),
      gcs.removeActor({ actorId: target, graceMs: 0, reason: "r" }),
      gcs.kvDelete({ namespace: "n", key: "k" }),
      gcs.putRouting({ snapshot: sampleRouting(1) }),
      gcs.drainNode({ nodeId: agent.nodeId, reason: "r", timeoutMs: 1 }),
    ]) {
      await expect(change).rejects.toMatchObject({ code: "stale_epoch", details: { fenced: true } });
    }
    expect((await gcs.listNodes({})).nodes).toMatchObject([{ draining: false }]);
  });

  it("is refused to the process before the one that lives, and not to one whose node has not told of it yet", async () => {
    await agent.exit(controller.actorId);
    const [again] = await untilActors(head.gcs, ([actor]) => actor?.state === "ALIVE" && actor.restarts === 1);
    expect(await put(`${controller.actorId}:0:${controller.workerId}`)).toBe("stale_epoch");
    expect(await put(`${controller.actorId}:1:${newWorkerId()}`)).toBe("stale_epoch");
    expect(await put(`${controller.actorId}:1:${again?.workerId}`)).toBe("done");
    expect(await put(`${controller.actorId}:2:${newWorkerId()}`)).toBe("done");
  });

  it("waits for its node where the store has lost it", async () => {
    expect(await put(sampleActor().actorId)).toBe("unavailable");
  });
});
