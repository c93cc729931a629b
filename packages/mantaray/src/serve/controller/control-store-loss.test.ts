import { describe, expect, it } from "vitest";
import { stateKey } from "./state/checkpoint.ts";
import { oneApp, type Simulation } from "./testing/simulation.ts";
import { anyReplica, liveIds, perNode, routedIds, world } from "./testing/worlds.ts";

const checkpoint = `serve/${stateKey}`;

const served = async (count: number): Promise<Simulation> => {
  const simulation = await world();
  await simulation.deploy(oneApp({ num_replicas: count }));
  await simulation.until("healthy", () => simulation.isHealthy(count));
  await simulation.clock.advance(15_000);
  simulation.minServing.set("default#D", count);
  return simulation;
};

const lost = async (): Promise<Simulation> => {
  const simulation = await served(3);
  simulation.cluster.kv.delete(checkpoint);
  await simulation.restartController();
  await simulation.clock.advance(60_000);
  return simulation;
};

describe("a control store that restarts", () => {
  it("changes nothing and costs no push of routes", async () => {
    const simulation = await served(3);
    const before = liveIds(simulation);
    const version = simulation.cluster.routing?.version;
    simulation.cluster.restartControlStore();
    await simulation.clock.advance(20_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.cluster.routing?.version).toBe(version);
    expect(simulation.violations).toEqual([]);
  });

  it.each([0, 900, 6_000])("and has lost its data gets it again, its nodes back after %i ms", async (nodesAfterMs) => {
    const simulation = await served(3);
    const before = liveIds(simulation);
    const kept = simulation.cluster.kv.get(checkpoint);
    const version = simulation.cluster.routing?.version ?? 0;
    simulation.cluster.loseData(() => nodesAfterMs);
    await simulation.clock.advance(20_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.cluster.kv.get(checkpoint)).toEqual(kept);
    expect(simulation.cluster.events).toContain("serve_checkpoint_restored");
    expect(simulation.cluster.routing?.version ?? 0).toBeGreaterThanOrEqual(version);
    expect(routedIds(simulation)).toHaveLength(3);
    expect(simulation.violations).toEqual([]);
    // And it is followed as ever.
    simulation.cluster.die(anyReplica(simulation).actorId, { kind: "CRASHED", message: "x" });
    simulation.minServing.set("default#D", 2);
    await simulation.until("healthy", () => simulation.isHealthy(3));
  });

  it("and does not know a node again for ten seconds loses that node's replicas", async () => {
    const simulation = await served(3);
    simulation.minServing.clear();
    simulation.cluster.loseData(() => 1_000_000);
    await simulation.clock.advance(9_000);
    expect(simulation.controller.reconciler("default", "D")?.replicas.size).toBe(3);
    simulation.cluster.addNode({ cpus: 16, isHead: true });
    await simulation.until("replaced", () => simulation.isHealthy(3), 30_000);
  });

  it("and hears of one node too late stops what was replaced meanwhile", async () => {
    const simulation = await served(4);
    const late = [...simulation.cluster.nodes.keys()].at(-1);
    simulation.minServing.set("default#D", 2);
    simulation.cluster.loseData(({ nodeId }) => (nodeId === late ? 20_000 : 100));
    await simulation.clock.advance(15_000);
    expect(simulation.cluster.live()).toHaveLength(4);
    await simulation.clock.advance(30_000);
    expect(simulation.isHealthy(4)).toBe(true);
    expect(perNode(simulation)).toEqual([2, 2]);
    expect(simulation.violations).toEqual([]);
  });

  it("is told all again where the snapshot that it has is newer than the controller's", async () => {
    const simulation = await served(2);
    const { routing } = simulation.cluster;
    if (routing === null) throw new Error("there is no routing");
    const version = routing.version + 1_000_000_000;
    simulation.cluster.routing = { ...routing, version, routes: [] };
    simulation.cluster.restartControlStore();
    await simulation.clock.advance(5_000);
    expect(simulation.cluster.routing.version).toBeGreaterThan(version);
    expect(simulation.cluster.routing.routes).toHaveLength(1);
  });
});

describe("a controller that finds no checkpoint but replicas", () => {
  it("leaves all as it is, with the routes there were, and says so", async () => {
    const simulation = await served(3);
    const before = liveIds(simulation);
    const { routing } = simulation.cluster;
    simulation.cluster.kv.delete(checkpoint);
    await simulation.restartController();
    await simulation.clock.advance(120_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.cluster.routing).toEqual({ ...routing, version: expect.any(Number) });
    expect(simulation.cluster.events).toContain("serve_checkpoint_lost");
    expect(simulation.violations).toEqual([]);
  });

  it("remembers that when it is restarted itself", async () => {
    const simulation = await lost();
    const before = liveIds(simulation);
    await simulation.restartController();
    await simulation.clock.advance(60_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(routedIds(simulation)).toHaveLength(3);
    expect(simulation.violations).toEqual([]);
  });

  it.each([300, 4_000])("waits for what turns up %i ms later, snapshot and all", async (afterMs) => {
    const simulation = await served(3);
    const before = liveIds(simulation);
    const { routing } = simulation.cluster;
    simulation.controller.close();
    simulation.cluster.loseData(() => afterMs);
    await simulation.restartController();
    await simulation.clock.advance(60_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.cluster.routing).toEqual({ ...routing, version: expect.any(Number) });
    expect(simulation.violations).toEqual([]);
  });

  it("and is told to deploy before anything has turned up kills nothing and publishes nothing less", async () => {
    const simulation = await served(3);
    const before = liveIds(simulation);
    simulation.controller.close();
    simulation.cluster.loseData(() => 2_000);
    await simulation.restartController();
    const build = Promise.withResolvers<void>();
    simulation.buildsWait = build.promise;
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.clock.advance(10_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(routedIds(simulation)).toHaveLength(3);
    build.resolve();
    await simulation.until("healthy", () => simulation.isHealthy(3));
    await simulation.clock.advance(5_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.controller.store.state.custody).toBeNull();
    expect(simulation.violations).toEqual([]);
  });

  it("takes a dead one out of the routes", async () => {
    const simulation = await lost();
    simulation.minServing.set("default#D", 2);
    simulation.cluster.die(anyReplica(simulation).actorId, { kind: "CRASHED", message: "x" });
    await simulation.clock.advance(2_000);
    expect(routedIds(simulation)).toHaveLength(2);
    expect(simulation.cluster.live()).toHaveLength(2);
  });
});

/** Every node but one is back at once; the old controller lives long enough to write its checkpoint again. */
const oneLate = async (lateMs: number): Promise<Simulation> => {
  const simulation = await served(4);
  const late = [...simulation.cluster.nodes.keys()].at(-1);
  simulation.cluster.loseData(({ nodeId }) => (nodeId === late ? lateMs : 100));
  await simulation.clock.advance(1_500);
  expect(simulation.cluster.kv.has(checkpoint)).toBe(true);
  expect(simulation.cluster.live()).toHaveLength(2);
  return simulation;
};

describe("a controller that starts while nodes have yet to come back to a control store that lost its data", () => {
  it.each([2_000, 8_000])("replaces nothing that lives on a node that comes after %i ms", async (lateMs) => {
    const simulation = await oneLate(lateMs);
    const created = simulation.cluster.created.length;
    await simulation.restartController();
    await simulation.clock.advance(20_000);
    expect(simulation.cluster.created).toHaveLength(created);
    expect(simulation.isHealthy(4)).toBe(true);
    expect(simulation.violations).toEqual([]);
  });

  it("does not publish less meanwhile, and replaces what was on a node that does not come in ten seconds", async () => {
    const simulation = await oneLate(1_000_000);
    simulation.minServing.clear();
    await simulation.restartController();
    await simulation.clock.advance(9_000);
    expect(routedIds(simulation)).toHaveLength(4);
    await simulation.until("replaced", () => simulation.isHealthy(4), 5_000);
  });

  it("takes no look at a control store that does not know the controller itself yet", async () => {
    const simulation = await served(4);
    const { cluster } = simulation;
    const kept = cluster.kv.get(checkpoint);
    simulation.controller.close();
    cluster.loseData(() => 3_000);
    // As where what was deployed is deployed again before anything has come.
    if (kept !== undefined) cluster.kv.set(checkpoint, kept);
    const created = cluster.created.length;
    await simulation.restartController();
    await simulation.clock.advance(20_000);
    expect(cluster.created).toHaveLength(created);
    expect(simulation.isHealthy(4)).toBe(true);
    expect(simulation.violations).toEqual([]);
  });

  it("at any moment after the loss restarts nothing that is healthy", async () => {
    for (let afterMs = 0; afterMs <= 2_400; afterMs += 40) {
      const simulation = await served(3);
      const before = liveIds(simulation);
      let delayMs = 0;
      simulation.cluster.loseData(() => (delayMs += 500));
      await simulation.clock.advance(afterMs);
      await simulation.restartController();
      await simulation.clock.advance(5_000);
      // Where the checkpoint was not written again before the old controller's end.
      await simulation.deploy(oneApp({ num_replicas: 3 }));
      await simulation.clock.advance(20_000);
      expect(liveIds(simulation), `killed after ${afterMs} ms`).toEqual(before);
      expect(simulation.violations, `killed after ${afterMs} ms`).toEqual([]);
    }
  });
});

describe("a deploy after the checkpoint was lost", () => {
  it("goes on with the same replicas when the same is deployed again", async () => {
    const simulation = await lost();
    const before = liveIds(simulation);
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.until("healthy", () => simulation.isHealthy(3));
    await simulation.clock.advance(20_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.controller.store.state.custody).toBeNull();
    expect(simulation.violations).toEqual([]);
  });

  it("keeps them while what is deployed does not build", async () => {
    const simulation = await lost();
    const before = liveIds(simulation);
    const { build } = simulation;
    simulation.build = () => ({ ok: false, message: "no" });
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.clock.advance(20_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(routedIds(simulation)).toHaveLength(3);
    simulation.build = build;
    simulation.bundle = "b2";
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.until("upgraded", () => simulation.isHealthy(3) && [...simulation.versionsLive()].join() === "b2");
    expect(simulation.violations).toEqual([]);
  });

  it("ends them when a deploy does not list them, but not by an imperative one of another application", async () => {
    const simulation = await lost();
    const other = oneApp({ num_replicas: 1 }, { name: "other", route_prefix: "/other" });
    await simulation.deploy(other, "imperative");
    await simulation.until("the other", () => simulation.isHealthy(1, "other"));
    expect(simulation.cluster.live("SERVE_REPLICA::default#")).toHaveLength(3);
    expect(simulation.cluster.routing?.routes).toHaveLength(2);
    expect(simulation.violations).toEqual([]);
    simulation.minServing.clear();
    await simulation.deploy(other);
    await simulation.until("gone", () => simulation.cluster.live("SERVE_REPLICA::default#").length === 0);
    expect(simulation.cluster.routing?.routes).toHaveLength(1);
  });

  it("ends them with Serve", async () => {
    const simulation = await lost();
    simulation.minServing.clear();
    const begun = simulation.shutdown.begin();
    await simulation.clock.advance(1_000);
    await begun;
    await simulation.until("gone", () => simulation.cluster.live("").length === 0);
    expect(simulation.cluster.kv.size).toBe(0);
  });
});
