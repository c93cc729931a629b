import { describe, expect, it } from "vitest";
import { randomBelow } from "../../base/random.ts";
import { oneApp, Simulation } from "./testing/simulation.ts";

type Step = (simulation: Simulation) => Promise<void> | void;

/** What may happen to the world, each as likely as the others. */
const steps: readonly Step[] = [
  async (simulation) => {
    simulation.bundle = `b${randomBelow(simulation.random, 4)}`;
    await deploy(simulation);
  },
  async (simulation) => deploy(simulation),
  (simulation) => {
    const victim = simulation.cluster.pickReplica();
    if (victim !== undefined) simulation.cluster.die(victim.actorId, { kind: "CRASHED", message: "crash" });
  },
  (simulation) => {
    const victim = simulation.cluster.pickReplica();
    if (victim !== undefined) simulation.sick.add(victim.spec.name);
  },
  (simulation) => {
    const workers = [...simulation.cluster.nodes.values()].filter((node) => !node.isHead);
    const victim = workers[randomBelow(simulation.random, workers.length)];
    if (victim !== undefined && workers.length > 1) simulation.cluster.killNode(victim.nodeId);
  },
  (simulation) => {
    if (simulation.cluster.nodes.size < 6) simulation.cluster.addNode({ cpus: 16 });
  },
  async (simulation) => {
    simulation.controller.close();
    await simulation.restartController();
    if (simulation.controller.passes === 0) await simulation.startUntilUp();
  },
  (simulation) => {
    const proxies = simulation.cluster.live("SERVE_CONTROLLER_ACTOR:");
    const victim = proxies[randomBelow(simulation.random, Math.max(1, proxies.length))];
    if (victim !== undefined) simulation.cluster.die(victim.actorId, { kind: "CRASHED", message: "crash" });
  },
];

const wantedOf = new WeakMap<Simulation, number>();

const deploy = async (simulation: Simulation): Promise<void> => {
  const wanted = 1 + randomBelow(simulation.random, 8);
  const userConfig = randomBelow(simulation.random, 3);
  const config = oneApp({ num_replicas: wanted, user_config: userConfig, health_check_period_s: 2 });
  try {
    await simulation.deploy(config);
    wantedOf.set(simulation, wanted);
  } catch {
    // The control store was not reached, or the answer was lost: the caller tries again.
    await simulation.clock.advance(200);
    await deploy(simulation);
  }
};

describe("whatever happens, in any order", () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))("seed %i converges and breaks no invariant", async (seed) => {
    const simulation = new Simulation(seed);
    simulation.cluster.addNode({ cpus: 0, isHead: true });
    for (let node = 0; node < 3; node += 1) simulation.cluster.addNode({ cpus: 16 });
    simulation.behaviour = () => ({ startMs: 20 + simulation.random.next() * 300, startError: undefined, stopMs: 100 });
    simulation.cluster.lossShare = 0.05;
    await simulation.startUntilUp();
    await deploy(simulation);
    for (let count = 0; count < 25; count += 1) {
      const step = steps[randomBelow(simulation.random, steps.length)];
      await step?.(simulation);
      await simulation.clock.advance(simulation.random.next() * 3_000);
    }
    simulation.cluster.lossShare = 0;
    const wanted = wantedOf.get(simulation) ?? 0;
    await simulation.until("convergence", () => simulation.isHealthy(wanted), 300_000);
    await simulation.clock.advance(30_000);
    expect(simulation.isHealthy(wanted)).toBe(true);
    expect([...simulation.versionsLive()]).toEqual([simulation.bundle]);
    const proxyNodes = simulation.cluster.live("SERVE_CONTROLLER_ACTOR:").map((actor) => actor.nodeId);
    expect(new Set(proxyNodes).size).toBe(proxyNodes.length);
    expect(simulation.violations).toEqual([]);
  });

  it("a controller that dies at any moment of a rollout is followed by one that ends it", async () => {
    for (let atMs = 0; atMs < 600; atMs += 25) {
      const simulation = new Simulation(atMs);
      simulation.cluster.addNode({ cpus: 0, isHead: true });
      for (let node = 0; node < 2; node += 1) simulation.cluster.addNode({ cpus: 16 });
      await simulation.start();
      await simulation.deploy(oneApp({ num_replicas: 4 }));
      await simulation.until("healthy", () => simulation.isHealthy(4));
      simulation.minServing.set("default#D", 4);
      simulation.bundle = "b2";
      await simulation.deploy(oneApp({ num_replicas: 4 }));
      await simulation.clock.advance(atMs);
      await simulation.restartController();
      await simulation.until("ended", () => simulation.isHealthy(4) && !simulation.versionsLive().has("b1"));
      expect(simulation.violations).toEqual([]);
    }
  });
});

describe("scale", () => {
  it("two thousand replicas start, lose a node, and then cost next to nothing", async () => {
    const simulation = new Simulation(7);
    simulation.cluster.addNode({ cpus: 0, isHead: true });
    for (let node = 0; node < 20; node += 1) simulation.cluster.addNode({ cpus: 200 });
    await simulation.start();
    await simulation.deploy(oneApp({ num_replicas: 2_000 }));
    await simulation.until("healthy", () => simulation.isHealthy(2_000), 600_000);
    const [, lost] = simulation.cluster.nodes.keys();
    if (lost !== undefined) simulation.cluster.killNode(lost);
    await simulation.until("healthy again", () => simulation.isHealthy(2_000), 600_000);
    const passes = simulation.controller.passes;
    await simulation.clock.advance(1_000);
    expect(simulation.controller.passes - passes).toBeLessThan(1_000);
    expect(simulation.violations).toEqual([]);
  }, 120_000);
});
