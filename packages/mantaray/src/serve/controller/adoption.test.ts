import { describe, expect, it } from "vitest";
import { MantaError } from "../../base/errors.ts";
import { serveDetails } from "./details.ts";
import { oneApp, type Simulation } from "./testing/simulation.ts";
import { anyReplica, liveIds, routedIds, statusOf, world } from "./testing/worlds.ts";

const served = async (count: number, options: Readonly<Record<string, unknown>> = {}): Promise<Simulation> => {
  const simulation = await world();
  await simulation.deploy(oneApp({ num_replicas: count, ...options }));
  await simulation.until("healthy", () => simulation.isHealthy(count));
  await simulation.clock.advance(15_000);
  return simulation;
};

const statesOf = (simulation: Simulation): string[] => {
  const { controller, cluster } = simulation;
  const self = cluster.actors.get(cluster.controllerId);
  if (self === undefined) throw new Error("there is no controller");
  const details = serveDetails({
    state: controller.store.state,
    controller: self,
    cluster: controller.cluster,
    proxies: controller.proxies.all(),
    replicasOf: (app, deployment) => {
      const replicas = controller.reconciler(app, deployment)?.replicas;
      return { live: replicas?.all() ?? [], dead: replicas?.dead ?? [] };
    },
  });
  return Object.values(details.applications).flatMap((app) =>
    Object.values(app.deployments).flatMap((deployment) => deployment.replicas.map(({ state }) => state)),
  );
};

describe("a replica that its node has restarted in place", () => {
  it("is the same one: recovering until it has passed a health check, and never replaced", async () => {
    const simulation = await served(2);
    const before = liveIds(simulation);
    const { actorId } = anyReplica(simulation);
    simulation.cluster.repair(actorId);
    await simulation.clock.advance(50);
    expect(statesOf(simulation).toSorted()).toEqual(["RECOVERING", "RUNNING"]);
    expect(routedIds(simulation)).toHaveLength(1);
    await simulation.clock.advance(150);
    expect(routedIds(simulation)).toHaveLength(2);
    await simulation.until("running", () => statesOf(simulation).every((state) => state === "RUNNING"), 3_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.cluster.actors.get(actorId)?.restarts).toBe(1);
    expect(statusOf(simulation)).toBe("HEALTHY/UNSPECIFIED");
  });

  it("while there was no controller, too; and it gets the settings in force, not those it was made with", async () => {
    const simulation = await served(2);
    await simulation.deploy(oneApp({ num_replicas: 2, user_config: { price: 2 } }));
    await simulation.until("changed", () => simulation.reconfigured.length === 2 && simulation.isHealthy(2));
    await simulation.clock.advance(1_000);
    simulation.controller.close();
    const before = liveIds(simulation);
    const { actorId, spec } = anyReplica(simulation);
    simulation.cluster.repair(actorId);
    await simulation.clock.advance(1_000);
    simulation.reconfigured.length = 0;
    await simulation.restartController();
    await simulation.clock.advance(5_000);
    expect(liveIds(simulation)).toEqual(before);
    expect(simulation.reconfigured).toEqual([spec.name]);
    expect(simulation.isHealthy(2)).toBe(true);
  });

  it("is replaced when it cannot be started again", async () => {
    const simulation = await served(2);
    const { actorId } = anyReplica(simulation);
    simulation.cluster.repair(actorId);
    simulation.cluster.die(actorId, { kind: "CREATION_FAILED", message: "no" });
    await simulation.until("healthy", () => simulation.isHealthy(2));
    expect(simulation.cluster.actors.get(actorId)?.state).toBe("DEAD");
  });
});

describe("a replica that the controller cannot reach", () => {
  it("is replaced after half a minute, under a new name, when it is one of few", async () => {
    const simulation = await served(4);
    const victim = anyReplica(simulation);
    simulation.unreachable.add(victim.spec.name);
    await simulation.clock.advance(25_000);
    expect(simulation.cluster.actors.get(victim.actorId)?.state).toBe("ALIVE");
    await simulation.until("replaced", () => simulation.cluster.actors.get(victim.actorId)?.state === "DEAD", 60_000);
    await simulation.until("healthy", () => simulation.isHealthy(4));
    const names = simulation.cluster.created;
    expect(new Set(names).size).toBe(names.length);
    expect(simulation.violations).toEqual([]);
  });

  it("is left alone when most cannot be reached: it is the controller that is cut off", async () => {
    const simulation = await served(4);
    const before = liveIds(simulation);
    for (const actor of simulation.cluster.live().slice(0, 3)) simulation.unreachable.add(actor.spec.name);
    await simulation.clock.advance(300_000);
    expect(liveIds(simulation)).toEqual(before);
  });
});

describe("a controller that was replaced", () => {
  it("ends when it hears that its actor is dead, and does nothing more", async () => {
    const simulation = await served(2);
    const { cluster, controller } = simulation;
    const acts = simulation.crashes.done.length;
    cluster.addController();
    await simulation.clock.advance(1_000);
    expect(simulation.fenced).toBe(1);
    cluster.die(anyReplica(simulation).actorId, { kind: "CRASHED", message: "x" });
    await simulation.clock.advance(10_000);
    expect(simulation.crashes.done.length).toBe(acts);
    await expect(controller.store.commit((state) => ({ ...state, targetCapacityPercent: 1 }))).rejects.toThrow(
      "stale_epoch",
    );
  });

  it.each([0, 1])("ends when another process of its actor, restarted %i times, has its place", async (restarts) => {
    const simulation = await served(1);
    simulation.cluster.takeOverController(restarts);
    await simulation.clock.advance(1_000);
    expect(simulation.fenced).toBe(1);
  });

  it("ends at the first refusal of a control store", async () => {
    const simulation = await served(2);
    const { cluster } = simulation;
    cluster.refuse = new MantaError("stale_epoch", "actor is dead");
    cluster.die(anyReplica(simulation).actorId, { kind: "CRASHED", message: "x" });
    await simulation.clock.advance(1_000);
    expect(simulation.fenced).toBe(1);
  });

  it("sends no command to a process while the control store does not say that it lives", async () => {
    const simulation = await served(2);
    const { cluster } = simulation;
    await simulation.clock.advance(5_000);
    cluster.listRefused = true;
    await simulation.deploy(oneApp({ num_replicas: 2, user_config: { price: 2 } }));
    await simulation.clock.advance(10_000);
    expect(simulation.reconfigured).toEqual([]);
    cluster.listRefused = false;
    await simulation.until("changed", () => simulation.reconfigured.length === 2, 30_000);
  });
});
