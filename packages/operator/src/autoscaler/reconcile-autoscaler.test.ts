import { describe, expect, it } from "vitest";
import { ScaleWorld } from "./fixtures/scale-world.ts";

const soon = 6_000;
const waits = (count: number) => [{ resources: { CPU: 1 }, count }];

describe("a RayCluster that scales by itself", () => {
  it("gets replicas for what waits, once", async () => {
    const world = new ScaleWorld({}, { replicas: 0 });
    world.demands = waits(3);
    await world.pass(soon);
    expect(world.group.replicas).toBe(2);
    const { writes } = world.kube;
    await world.pass(60_000);
    expect(world.kube.writes).toBe(writes);
    expect(world.events.map(({ reason, note }) => `${reason} ${note}`)).toEqual([
      "ScaledUpWorkerGroup Scaled worker group small from 0 to 2 replicas, since there is no room for 3 × {CPU: 1}",
    ]);
  });

  it("drains an idle worker before it names its pod, and takes the name back once the pod is gone", async () => {
    const world = new ScaleWorld({}, { replicas: 2, minReplicas: 1 });
    world.addWorker(0, { actors: 1, used: { CPU: 1 } });
    world.addWorker(1);
    await world.pass(55_000);
    expect(world.group).toEqual({ replicas: 2, workersToDelete: undefined });
    await world.pass(20_000);
    expect(world.group).toEqual({ replicas: 1, workersToDelete: ["small-1"] });
    expect(world.drained).toEqual([
      'n1 {"reason":"the autoscaler removes it: it is idle","timeout_s":25,"only_if_idle":true}',
    ]);
    world.removeWorker("small-1");
    await world.pass(soon);
    expect(world.group).toEqual({ replicas: 1, workersToDelete: [] });
  });

  it("names nobody whom the head does not let go", async () => {
    for (const status of [409, 404, undefined, 503]) {
      const world = new ScaleWorld({}, { replicas: 1 });
      world.addWorker(0);
      world.drainStatus = status;
      await world.pass(120_000);
      expect(world.group).toEqual({ replicas: 1, workersToDelete: undefined });
    }
  });

  it("looks again where somebody has changed the group meanwhile", async () => {
    const world = new ScaleWorld({}, { replicas: 0 });
    await world.pass(soon);
    world.isLagging = true;
    const { cluster, kube } = world;
    const workerGroupSpecs = (cluster.spec.workerGroupSpecs ?? []).map((group) => ({ ...group, replicas: 3 }));
    world.put({ ...cluster, spec: { ...cluster.spec, workerGroupSpecs } });
    world.demands = waits(1);
    await world.pass(soon);
    expect(kube.writes).toBeGreaterThan(0);
    expect(world.group.replicas).toBe(3);
    world.isLagging = false;
    await world.pass(soon);
    expect(world.group.replicas).toBe(3);
    expect(world.events).toEqual([]);
  });

  it("says once what no group can take", async () => {
    const world = new ScaleWorld({}, { replicas: 0 });
    world.demands = [{ resources: { GPU: 1 }, count: 2 }];
    await world.pass(60_000);
    expect(world.events.map(({ reason }) => reason)).toEqual(["InsufficientWorkerGroups"]);
    expect(world.events[0]?.note).toContain("No worker group can take 2 × {GPU: 1}");
    expect(world.kube.writes).toBe(0);
  });

  it("shrinks to a lowered maxReplicas, busy or not", async () => {
    const world = new ScaleWorld({}, { replicas: 2, maxReplicas: 1 });
    world.addWorker(0, { actors: 2 });
    world.addWorker(1, { actors: 1 });
    await world.pass(soon);
    expect(world.group).toEqual({ replicas: 1, workersToDelete: ["small-1"] });
    expect(world.drained).toEqual([expect.stringContaining('"only_if_idle":false')]);
  });

  it.each([
    ["does not ask for it", { enableInTreeAutoscaling: false }],
    ["is suspended", { suspend: true }],
  ])("is not asked where it %s", async (_, spec) => {
    const world = new ScaleWorld(spec, { replicas: 0 });
    world.demands = waits(3);
    await world.pass(soon);
    expect(world.asked).toBe(0);
    expect(world.group.replicas).toBe(0);
  });
});
