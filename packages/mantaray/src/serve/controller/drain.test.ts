import { describe, expect, it } from "vitest";
import type { NodeId } from "../../base/ids.ts";
import { proxyName } from "../../protocol/controller.ts";
import { oneApp, type Simulation } from "./testing/simulation.ts";
import { statusOf, world } from "./testing/worlds.ts";

/** The worker that was there first. */
const firstWorker = (simulation: Simulation): NodeId => {
  const worker = [...simulation.cluster.nodes.values()].find((node) => !node.isHead);
  if (worker === undefined) throw new Error("there is no worker");
  return worker.nodeId;
};

const liveOn = (simulation: Simulation, nodeId: NodeId): number =>
  simulation.cluster.live().filter((actor) => actor.nodeId === nodeId).length;

const served = async (count: number, options: { nodes: number; cpus?: number }): Promise<Simulation> => {
  const simulation = await world(options);
  await simulation.deploy(oneApp({ num_replicas: count, graceful_shutdown_timeout_s: 10 }));
  await simulation.until("healthy", () => simulation.isHealthy(count));
  await simulation.clock.advance(15_000);
  simulation.minServing.set("default#D", count);
  return simulation;
};

describe("a node that drains", () => {
  it("has all its replicas replaced at once, before any of them stops", async () => {
    const simulation = await served(8, { nodes: 2 });
    simulation.behaviour = () => ({ startMs: 5_000, startError: undefined, stopMs: 50 });
    const leaving = firstWorker(simulation);
    simulation.cluster.drainNode(leaving, 60_000);
    await simulation.clock.advance(100);
    // Four move, though a rollout of eight would start two at a time.
    expect(simulation.cluster.live()).toHaveLength(12);
    expect(liveOn(simulation, leaving)).toBe(4);
    expect(simulation.controller.reconciler("default", "D")?.routed()).toHaveLength(8);
    await simulation.until("moved", () => liveOn(simulation, leaving) === 0, 10_000);
    await simulation.until("healthy", () => simulation.isHealthy(8));
    expect(statusOf(simulation)).toMatch(/^HEALTHY/);
    expect(simulation.violations).toEqual([]);
  });

  it("has its proxy told at once, and removed last", async () => {
    const simulation = await served(4, { nodes: 2 });
    simulation.behaviour = () => ({ startMs: 40_000, startError: undefined, stopMs: 50 });
    const leaving = firstWorker(simulation);
    const proxy = proxyName(leaving);
    simulation.cluster.drainNode(leaving, 120_000);
    await simulation.clock.advance(100);
    expect(simulation.cluster.drainingProxies.has(proxy)).toBe(true);
    await simulation.clock.advance(35_000);
    // Half a minute without a request is over, but there are replicas yet.
    expect(simulation.cluster.live(proxy)).toHaveLength(1);
    await simulation.until("moved", () => liveOn(simulation, leaving) === 0);
    await simulation.until("the proxy is gone", () => simulation.cluster.live(proxy).length === 0, 15_000);
    expect(simulation.violations).toEqual([]);
  });

  it("keeps serving while there is no room elsewhere, then stops in order, and is made good when there is", async () => {
    const simulation = await served(4, { nodes: 2, cpus: 2 });
    const leaving = firstWorker(simulation);
    simulation.cluster.drainNode(leaving, 60_000);
    // 60 s, less the replicas' grace of 10 s and 12 s for the rest of the node.
    await simulation.clock.advance(37_000);
    expect(liveOn(simulation, leaving)).toBe(2);
    expect(simulation.violations).toEqual([]);
    simulation.minServing.set("default#D", 2);
    await simulation.until("stopped", () => liveOn(simulation, leaving) === 0, 3_000);
    expect(statusOf(simulation)).toBe("UNHEALTHY/HEALTH_CHECK_FAILED");
    simulation.cluster.addNode({ cpus: 2 });
    await simulation.until("healthy", () => simulation.isHealthy(4));
    expect(simulation.violations).toEqual([]);
  });

  it("uses half of a short time for the start of others, whatever the grace", async () => {
    const simulation = await served(4, { nodes: 2, cpus: 2 });
    const leaving = firstWorker(simulation);
    simulation.minServing.set("default#D", 2);
    simulation.cluster.drainNode(leaving, 8_000);
    await simulation.clock.advance(3_800);
    expect(simulation.controller.reconciler("default", "D")?.routed()).toHaveLength(4);
    await simulation.clock.advance(500);
    expect(simulation.controller.reconciler("default", "D")?.routed()).toHaveLength(2);
  });
});

describe("a drain in the middle of something else", () => {
  it("gives up the node's replicas first when fewer are wanted", async () => {
    const simulation = await served(4, { nodes: 2, cpus: 2 });
    const leaving = firstWorker(simulation);
    simulation.cluster.drainNode(leaving, 600_000);
    await simulation.clock.advance(1_000);
    simulation.minServing.set("default#D", 2);
    await simulation.deploy(oneApp({ num_replicas: 2 }));
    await simulation.until("healthy", () => simulation.isHealthy(2));
    expect(liveOn(simulation, leaving)).toBe(0);
    expect(simulation.violations).toEqual([]);
  });

  it("such as a rollout costs nothing either", async () => {
    const simulation = await served(6, { nodes: 3 });
    simulation.bundle = "b2";
    await simulation.deploy(oneApp({ num_replicas: 6 }));
    await simulation.clock.advance(150);
    const leaving = firstWorker(simulation);
    simulation.cluster.drainNode(leaving, 60_000);
    await simulation.until(
      "ended",
      () =>
        simulation.isHealthy(6) && [...simulation.versionsLive()].join() === "b2" && liveOn(simulation, leaving) === 0,
    );
    expect(simulation.violations).toEqual([]);
  });

  it("such as another drain leaves a deployment on what is left", async () => {
    const simulation = await served(6, { nodes: 3 });
    const [, first, second] = simulation.cluster.nodes.keys();
    if (first === undefined || second === undefined) throw new Error("there are three workers");
    simulation.cluster.drainNode(first, 60_000);
    simulation.cluster.drainNode(second, 60_000);
    await simulation.until("moved", () => liveOn(simulation, first) + liveOn(simulation, second) === 0);
    await simulation.until("healthy", () => simulation.isHealthy(6));
    expect(simulation.violations).toEqual([]);
  });
});

describe("a scale from one to six and back in a loop", () => {
  it("never leaves fewer than the lesser number, and pushes routes no more often than replicas come and go", async () => {
    const simulation = await served(1, { nodes: 3 });
    for (let round = 0; round < 20; round += 1) {
      const before = simulation.crashes.done.filter((what) => what === "putRouting").length;
      await simulation.deploy(oneApp({ num_replicas: 6 }));
      await simulation.until("up", () => simulation.isHealthy(6));
      await simulation.deploy(oneApp({ num_replicas: 1 }));
      await simulation.until("down", () => simulation.isHealthy(1));
      const pushes = simulation.crashes.done.filter((what) => what === "putRouting").length - before;
      expect(pushes).toBeLessThanOrEqual(7);
    }
    expect(simulation.violations).toEqual([]);
  });
});
