import { describe, expect, it } from "vitest";
import { proxyName } from "../../protocol/controller.ts";
import { oneApp } from "./testing/simulation.ts";
import { perNode, statusOf, world } from "./testing/worlds.ts";

describe("a deploy", () => {
  it("starts replicas, publishes them, and puts proxies on the head and where replicas are", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 4 }));
    await simulation.until("healthy", () => simulation.isHealthy(4));
    expect(statusOf(simulation)).toBe("HEALTHY/CONFIG_UPDATE_COMPLETED");
    expect(perNode(simulation)).toEqual([2, 2]);
    await simulation.until("proxies", () =>
      [...simulation.controller.proxies.all()].every((p) => p.status === "HEALTHY"),
    );
    expect(simulation.controller.proxies.size).toBe(3);
    expect(simulation.cluster.routing?.routes).toEqual([{ prefix: "/", app: "default", deployment: "D" }]);
  });

  it("costs nothing when it repeats the last one, and idle passes do nothing", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 4 }));
    await simulation.until("healthy", () => simulation.isHealthy(4));
    await simulation.clock.advance(10_000);
    const version = simulation.cluster.routing?.version;
    const before = simulation.cluster.live().map((actor) => actor.actorId);
    await simulation.deploy(oneApp({ num_replicas: 4 }));
    await simulation.clock.advance(10_000);
    expect(simulation.cluster.live().map((actor) => actor.actorId)).toEqual(before);
    expect(simulation.cluster.routing?.version).toBe(version);
    expect(simulation.isHealthy(4)).toBe(true);
  });

  it("changes settings in place", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.until("healthy", () => simulation.isHealthy(3));
    const before = simulation.cluster.live().map((actor) => actor.actorId);
    await simulation.deploy(oneApp({ num_replicas: 3, user_config: { price: 2 } }));
    await simulation.until("reconfigured", () => simulation.reconfigured.length === 3);
    await simulation.until("healthy", () => simulation.isHealthy(3));
    expect(simulation.cluster.live().map((actor) => actor.actorId)).toEqual(before);
  });

  it("scales up and down, and keeps the rest spread", async () => {
    const simulation = await world({ nodes: 3 });
    await simulation.deploy(oneApp({ num_replicas: 9 }));
    await simulation.until("healthy", () => simulation.isHealthy(9));
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.clock.advance(20);
    await simulation.until("scaled down", () => simulation.isHealthy(3));
    expect(statusOf(simulation)).toBe("HEALTHY/DOWNSCALE_COMPLETED");
    expect(perNode(simulation)).toEqual([1, 1, 1]);
    await simulation.deploy(oneApp({ num_replicas: 6 }));
    await simulation.until("scaled up", () => simulation.isHealthy(6));
    expect(statusOf(simulation)).toBe("HEALTHY/UPSCALE_COMPLETED");
    expect(simulation.violations).toEqual([]);
  });

  it("that no longer lists an application deletes it", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 2 }));
    await simulation.until("healthy", () => simulation.isHealthy(2));
    await simulation.deploy({ applications: [] });
    await simulation.until("gone", () => simulation.controller.store.state.apps.size === 0);
    expect(simulation.cluster.live()).toEqual([]);
    expect(simulation.cluster.routing).toMatchObject({ routes: [], deployments: {} });
    expect(simulation.violations).toEqual([]);
  });
});

describe("a rollout", () => {
  it.each([1, 2, 5, 10])("of %i replicas never has fewer of them serving", async (count) => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: count }));
    await simulation.until("healthy", () => simulation.isHealthy(count));
    simulation.minServing.set("default#D", count);
    let most = 0;
    simulation.bundle = "b2";
    await simulation.deploy(oneApp({ num_replicas: count }));
    await simulation.until("rolled out", () => {
      const replicas = simulation.controller.reconciler("default", "D")?.replicas.all() ?? [];
      most = Math.max(most, replicas.filter((replica) => replica.phase !== "STOPPING").length);
      return simulation.isHealthy(count) && !simulation.versionsLive().has("b1");
    });
    expect(simulation.violations).toEqual([]);
    expect(most).toBeLessThanOrEqual(count + Math.max(1, Math.ceil(0.2 * count)));
  });

  it("stops one first where max_replicas_per_node leaves no room", async () => {
    const simulation = await world();
    const config = oneApp({ num_replicas: 2, max_replicas_per_node: 1 });
    await simulation.deploy(config);
    await simulation.until("healthy", () => simulation.isHealthy(2));
    simulation.minServing.set("default#D", 1);
    simulation.bundle = "b2";
    await simulation.deploy(config);
    await simulation.until("rolled out", () => simulation.isHealthy(2) && !simulation.versionsLive().has("b1"));
    expect(simulation.violations).toEqual([]);
  });

  it("that cannot be placed at all sacrifices nothing", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 2 }));
    await simulation.until("healthy", () => simulation.isHealthy(2));
    simulation.minServing.set("default#D", 2);
    await simulation.deploy(oneApp({ num_replicas: 2, ray_actor_options: { num_cpus: 99 } }));
    await simulation.clock.advance(60_000);
    expect(statusOf(simulation)).toBe("UPDATING/CONFIG_UPDATE_STARTED");
    expect(simulation.violations).toEqual([]);
  });
});

describe("a version that is broken", () => {
  it("leaves the old version serving, also when that loses replicas", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.until("healthy", () => simulation.isHealthy(3));
    simulation.minServing.set("default#D", 2);
    simulation.bundle = "b2";
    simulation.behaviour = (spec) => ({
      startMs: 50,
      startError: JSON.stringify(spec.entry.args).includes('"b2"') ? "no model" : undefined,
      stopMs: 20,
    });
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.until("given up", () => statusOf(simulation).startsWith("DEPLOY_FAILED"));
    const info = simulation.controller.store.state.apps.get("default")?.deployments.get("D")?.status;
    expect(info?.message).toContain("The deployment failed to start 9 times in a row");
    expect(info?.message).toContain("no model");
    const victim = simulation.cluster.live()[0];
    if (victim !== undefined) simulation.cluster.die(victim.actorId, { kind: "CRASHED", message: "x" });
    await simulation.clock.advance(5_000);
    expect([...simulation.versionsLive()]).toEqual(["b1"]);
    expect(simulation.cluster.routing?.deployments["default#D"]).toMatchObject({ available: true });
    expect(simulation.cluster.routing?.deployments["default#D"]?.replicas).toHaveLength(3);
    expect(statusOf(simulation)).toMatch(/^DEPLOY_FAILED/);
    expect(simulation.violations).toEqual([]);
    // The next deploy tries again.
    simulation.bundle = "b3";
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.until("healthy", () => simulation.isHealthy(3) && simulation.versionsLive().has("b3"));
  });

  it("is unavailable where it is the first, and is not tried for ever", async () => {
    const simulation = await world();
    simulation.behaviour = () => ({ startMs: 50, startError: "broken", stopMs: 20 });
    await simulation.deploy(oneApp({ num_replicas: 1 }));
    await simulation.until("given up", () => statusOf(simulation).startsWith("DEPLOY_FAILED"));
    const made = simulation.cluster.actors.size;
    await simulation.clock.advance(60_000);
    expect(simulation.cluster.actors.size).toBe(made);
    expect(simulation.cluster.routing?.deployments["default#D"]?.available).toBe(false);
  });

  it("in its build changes nothing but the status", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 2 }));
    await simulation.until("healthy", () => simulation.isHealthy(2));
    const before = simulation.cluster.routing?.version;
    simulation.build = () => ({ ok: false, message: "app.ts:1:1: no" });
    await simulation.deploy(oneApp({ num_replicas: 5 }));
    await simulation.clock.advance(5_000);
    expect(simulation.controller.store.state.apps.get("default")?.build).toMatchObject({ state: "failed" });
    expect(simulation.cluster.routing?.version).toBe(before);
    expect(simulation.isHealthy(2)).toBe(true);
  });
});

describe("a loss", () => {
  it("of a replica is made good at once", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 3 }));
    await simulation.until("healthy", () => simulation.isHealthy(3));
    const victim = simulation.cluster.live()[0];
    if (victim !== undefined) simulation.cluster.die(victim.actorId, { kind: "CRASHED", message: "segfault" });
    await simulation.clock.advance(30);
    expect(statusOf(simulation)).toBe("UNHEALTHY/HEALTH_CHECK_FAILED");
    expect(simulation.cluster.routing?.deployments["default#D"]?.replicas).toHaveLength(2);
    expect(simulation.cluster.live()).toHaveLength(3);
    await simulation.until("healthy", () => simulation.isHealthy(3));
  });

  it("of health has three strikes, a stop with grace and a replacement", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 2 }));
    await simulation.until("healthy", () => simulation.isHealthy(2));
    const victim = simulation.cluster.live()[0];
    simulation.sick.add(victim?.spec.name ?? "");
    await simulation.clock.advance(15_000);
    expect(simulation.cluster.actors.get(victim!.actorId)?.state).toBe("ALIVE");
    await simulation.until("replaced", () => simulation.cluster.actors.get(victim!.actorId)?.state === "DEAD");
    await simulation.until("healthy", () => simulation.isHealthy(2));
    expect(simulation.violations).toEqual([]);
  });

  it("of a node moves its replicas, and they spread again when one joins", async () => {
    const simulation = await world({ nodes: 2 });
    await simulation.deploy(oneApp({ num_replicas: 6 }));
    await simulation.until("healthy", () => simulation.isHealthy(6));
    const [, lost] = simulation.cluster.nodes.keys();
    simulation.cluster.killNode(lost!);
    await simulation.until("healthy", () => simulation.isHealthy(6));
    expect(perNode(simulation)).toEqual([6]);
    expect([...simulation.controller.proxies.all()].some((p) => p.nodeId === lost)).toBe(false);
    simulation.minServing.set("default#D", 6);
    simulation.cluster.addNode({ cpus: 16 });
    await simulation.until("spread", () => simulation.isHealthy(6) && perNode(simulation).join() === "3,3");
    const made = simulation.cluster.actors.size;
    await simulation.clock.advance(60_000);
    expect(simulation.cluster.actors.size).toBe(made);
    expect(simulation.violations).toEqual([]);
  });

  it("of a node by drain costs no serving replica, and its proxy goes last", async () => {
    const simulation = await world({ nodes: 3 });
    await simulation.deploy(oneApp({ num_replicas: 6 }));
    await simulation.until("healthy", () => simulation.isHealthy(6));
    simulation.minServing.set("default#D", 6);
    const [, leaving] = simulation.cluster.nodes.keys();
    simulation.cluster.drainNode(leaving!);
    await simulation.until("moved", () => !simulation.cluster.live().some((actor) => actor.nodeId === leaving));
    expect(simulation.violations).toEqual([]);
    expect(simulation.cluster.live(proxyName(leaving!))).toHaveLength(1);
    await simulation.until("proxy gone", () => simulation.cluster.live(proxyName(leaving!)).length === 0);
  });
});

describe("a proxy", () => {
  it("that is wanted, not wanted and wanted again while it starts is started once", async () => {
    const simulation = await world({ nodes: 1 });
    let starts = 0;
    simulation.behaviour = () => ({ startMs: 5, startError: (starts += 1) <= 2 ? "not yet" : undefined, stopMs: 5 });
    await simulation.deploy(oneApp({ num_replicas: 1 }));
    await simulation.until("healthy", () => simulation.isHealthy(1));
    await simulation.clock.advance(1_000);
    const proxies = [...simulation.cluster.actors.values()].filter(
      (actor) => actor.spec.entry.module === "serve-proxy",
    );
    expect(proxies.map((proxy) => proxy.state)).toEqual(["ALIVE", "ALIVE"]);
  });

  it("that is wanted no more goes after half a minute at the earliest", async () => {
    const simulation = await world({ nodes: 1 });
    await simulation.deploy(oneApp({ num_replicas: 1 }));
    await simulation.until("healthy", () => simulation.isHealthy(1));
    const count = (): number => simulation.cluster.live("SERVE_CONTROLLER_ACTOR:").length;
    await simulation.deploy({ applications: [] });
    await simulation.clock.advance(29_000);
    expect(count()).toBe(2);
    await simulation.until("only the head's is left", () => count() === 1, 15_000);
  });
});

describe("the controller's own death", () => {
  it("restarts nothing, and the routing goes on from the version it had", async () => {
    const simulation = await world();
    await simulation.deploy(oneApp({ num_replicas: 4 }));
    await simulation.until("healthy", () => simulation.isHealthy(4));
    const before = simulation.cluster.live("").map((actor) => actor.actorId);
    const version = simulation.cluster.routing?.version ?? 0;
    simulation.minServing.set("default#D", 4);
    await simulation.restartController();
    await simulation.clock.advance(10_000);
    expect(simulation.cluster.live("").map((actor) => actor.actorId)).toEqual(before);
    expect(simulation.cluster.routing?.version).toBeGreaterThan(version);
    expect(simulation.isHealthy(4)).toBe(true);
    expect(simulation.reconfigured).toEqual([]);
    expect(simulation.violations).toEqual([]);
  });
});
