import type { Service } from "kubernetes-types/core/v1.d.ts";
import { afterEach, describe, expect, it } from "vitest";
import type { RayCluster } from "../api/ray-cluster.ts";
import { fruitConfig, type ServiceSketch } from "./fixtures/ray-service.ts";
import { ServiceWorld } from "./fixtures/service-world.ts";
import type { HttpRoute } from "./gateway-resources.ts";

let world = new ServiceWorld();
afterEach(() => world.close());

const sketch = (image: number, options: object = {}, more: ServiceSketch = {}): ServiceSketch => ({
  image: `mantaray/manta:${image}`,
  ...more,
  cluster: { enableInTreeAutoscaling: true },
  spec: {
    rayClusterDeletionDelaySeconds: 2,
    upgradeStrategy: {
      type: "NewClusterWithIncrementalUpgrade",
      clusterUpgradeOptions: {
        maxSurgePercent: 50,
        stepSizePercent: 25,
        intervalSeconds: 2,
        gatewayClassName: "istio",
        ...options,
      },
    },
  },
});

const weights = (): (number | undefined)[] =>
  world.kube.find<HttpRoute>("HTTPRoute", "fruit-httproute")?.spec.rules[0]?.backendRefs.map(({ weight }) => weight) ??
  [];
const figures = (): string => {
  const { activeServiceStatus: a, pendingServiceStatus: p } = world.service.status ?? {};
  const of = (status: typeof a): string =>
    status === undefined ? "-" : `${status.targetCapacity}/${status.trafficRoutedPercent}`;
  return `A${of(a)} P${of(p)}`;
};
const clusterNames = (): string[] => world.kube.all<RayCluster>("RayCluster").map(({ metadata }) => metadata.name);

/** Every state of the figures, in order. */
const record = (): string[] => {
  const seen: string[] = [figures()];
  world.kube.cache("RayService").subscribe(() => {
    if (seen.at(-1) !== figures()) seen.push(figures());
  });
  return seen;
};

const ready = async (options: object = {}): Promise<string> => {
  world = new ServiceWorld();
  world.apply(sketch(1, options));
  await world.until("ready", () => world.condition("Ready") === "True/NonZeroServeEndpoints");
  await world.run(10_000);
  return world.active ?? "";
};

describe("an incremental upgrade", () => {
  it("has a Gateway and a route to the only cluster while nothing happens", async () => {
    const active = await ready();
    expect([weights(), figures()]).toEqual([[100], "A100/100 P-"]);
    expect(world.kube.find<Service>("Service", `${active}-serve-svc`)).toBeDefined();
    expect(world.ray.puts.at(-1)?.config.target_capacity).toBe(100);
    world.kube.writes.length = 0;
    await world.run(130_000);
    expect(world.kube.writes).toEqual([]);
  });

  it("moves capacity and traffic by steps, and takes the new cluster over at the end", async () => {
    const old = await ready();
    const seen = record();
    world.apply(sketch(2, {}, { config: fruitConfig(9) }));
    await world.until("upgraded", () => world.active !== old);
    await world.run(20_000);
    expect(seen).toEqual([
      "A100/100 P-",
      "A100/100 P0/0",
      "A100/100 P50/0",
      "A100/75 P50/25",
      "A100/50 P50/50",
      "A50/50 P50/50",
      "A50/50 P100/50",
      "A50/25 P100/75",
      "A50/0 P100/100",
      "A0/0 P100/100",
      "A100/100 P-",
    ]);
    expect([clusterNames(), weights()]).toEqual([[world.active], [100]]);
    const ofOld = world.ray.puts.filter(({ cluster }) => cluster === old);
    expect(ofOld.map(({ config }) => config.target_capacity)).toEqual([100, 50, 0]);
    expect(JSON.stringify(ofOld)).not.toContain('"price":9');
    expect(world.condition("UpgradeInProgress")).toBe("False/NoPendingCluster");
  });

  it("waits for the Gateway's word on the weights it was told last", async () => {
    const old = await ready();
    world.apply(sketch(2));
    await world.until("the first step of traffic", () => figures() === "A100/75 P50/25");
    world.ray.gatewaysStand = true;
    await world.run(30_000);
    expect([figures(), weights()]).toEqual(["A100/75 P50/25", [75, 25]]);
    world.ray.gatewaysStand = false;
    await world.until("upgraded", () => world.active !== old);
  });

  it("survives a death of the operator at every step", async () => {
    const old = await ready();
    const seen = record();
    world.apply(sketch(2));
    for (let turn = 0; turn < 60 && world.active === old; turn += 1) {
      world.diesAfter = (turn % 4) + 1;
      await world.run(1_000);
    }
    world.diesAfter = Number.POSITIVE_INFINITY;
    await world.until("upgraded", () => world.active !== old);
    expect(world.deaths).toBeGreaterThan(5);
    // No step is taken twice, none back.
    expect(new Set(seen.slice(1)).size).toBe(seen.length - 1);
  });
});

const upgradeUntil = async (options: object, weight: number): Promise<string> => {
  const old = await ready(options);
  world.apply(sketch(2, options));
  await world.until(
    "traffic",
    () => (world.service.status?.pendingServiceStatus?.trafficRoutedPercent ?? -1) >= weight,
  );
  return old;
};
const outcome = (): unknown => [
  world.active,
  clusterNames(),
  figures(),
  weights(),
  world.condition("RollbackInProgress"),
];

describe("its rollback", () => {
  it.each([
    ["early", 25],
    ["late", 75],
    ["before any traffic", 0],
  ])("gives the old cluster all again (%s)", async (_, weight) => {
    const old = await upgradeUntil({}, weight);
    world.apply(sketch(1));
    await world.run(500);
    // Without traffic it is over at once.
    expect(world.condition("RollbackInProgress")).toBe(weight > 0 ? "True/DesiredClusterSpecChanged" : undefined);
    await world.until("rolled back", () => world.pending === undefined);
    await world.run(10_000);
    expect(outcome()).toEqual([old, [old], "A100/100 P-", [100], undefined]);
  });

  it("is taken back when the pending template is wanted after all", async () => {
    const old = await upgradeUntil({}, 50);
    const pending = world.pending;
    world.apply(sketch(1));
    await world.run(1_000);
    world.apply(sketch(2));
    await world.until("upgraded", () => world.active !== old);
    expect(world.active).toBe(pending);
  });

  it("comes before a third template", async () => {
    const old = await upgradeUntil({}, 50);
    const second = world.pending;
    world.apply(sketch(3));
    await world.until("back", () => world.pending !== second);
    expect(world.active).toBe(old);
    await world.until("upgraded", () => world.active !== old);
    expect(world.active).not.toBe(second);
  });

  it("does not wait for a pending cluster whose head has died", async () => {
    const old = await upgradeUntil({}, 25);
    world.ray.failsNow = () => true;
    world.apply(sketch(1));
    const dead = world.pending ?? "";
    world.onStep = () => world.ray.killHead(dead);
    await world.until("rolled back", () => world.pending === undefined);
    world.onStep = () => undefined;
    world.ray.failsNow = () => false;
    await world.run(10_000);
    expect(outcome()).toEqual([old, [old], "A100/100 P-", [100], undefined]);
  });

  it("is no matter of the Gateway any more once the strategy is another", async () => {
    await ready();
    world.apply({ image: "mantaray/manta:1", cluster: { enableInTreeAutoscaling: true } });
    await world.run(5_000);
    expect([world.kube.all("Gateway"), world.kube.all("HTTPRoute")]).toEqual([[], []]);
    expect(world.ray.puts.at(-1)?.config.target_capacity).toBeUndefined();
  });
});
