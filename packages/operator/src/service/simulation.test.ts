import { deepStrictEqual, ok } from "node:assert/strict";
import * as fc from "fast-check";
import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import { expect, it } from "vitest";
import { labels } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import { fruitConfig, type ServiceSketch, workers } from "./fixtures/ray-service.ts";
import { ServiceWorld, seeded } from "./fixtures/service-world.ts";

/** What happens, and how long it is quiet after it. */
type Turn = { readonly afterMs: number } & (
  | { readonly kind: "image"; readonly image: number }
  | { readonly kind: "config"; readonly price: number }
  | { readonly kind: "size"; readonly replicas: number }
  | { readonly kind: "type"; readonly type: "InPlace" | "NewCluster" | "None" }
  | { readonly kind: "version"; readonly version: number }
  | { readonly kind: "death"; readonly actions: number }
  | { readonly kind: "restart" }
  | { readonly kind: "head" }
  | { readonly kind: "sick" }
);

const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc
    .tuple(
      fc.nat(20_000),
      fc.oneof(
        fc.record({ kind: fc.constant("image" as const), image: fc.integer({ min: 1, max: 3 }) }),
        fc.record({ kind: fc.constant("config" as const), price: fc.integer({ min: 1, max: 3 }) }),
        fc.record({ kind: fc.constant("size" as const), replicas: fc.integer({ min: 1, max: 4 }) }),
        fc.record({ kind: fc.constant("type" as const), type: fc.constantFrom("InPlace", "NewCluster", "None") }),
        fc.record({ kind: fc.constant("version" as const), version: fc.integer({ min: 1, max: 2 }) }),
        fc.record({ kind: fc.constant("death" as const), actions: fc.integer({ min: 1, max: 12 }) }),
        fc.record({ kind: fc.constant("restart" as const) }),
        fc.record({ kind: fc.constant("head" as const) }),
        fc.record({ kind: fc.constant("sick" as const) }),
      ),
    )
    .map(([afterMs, turn]) => ({ ...turn, afterMs })),
  { minLength: 1, maxLength: 12 },
);

interface Wish {
  image: number;
  price: number;
  replicas: number;
  version: number;
  type: string;
}

const sketchOf = ({ image, price, replicas, version, type }: Wish, ft: boolean): ServiceSketch => ({
  image: `mantaray/manta:${image}`,
  config: fruitConfig(price),
  groups: [workers("small", `mantaray/manta:${image}`, { replicas })],
  cluster: {
    rayVersion: `3.${version}.0`,
    ...(ft ? { gcsFaultToleranceOptions: { redisAddress: "redis:6379" } } : {}),
  },
  spec: { upgradeStrategy: { type }, rayClusterDeletionDelaySeconds: 5 },
});

/** Invariants that hold at every moment, checked after each step of time. */
class Watchman {
  readonly #world: ServiceWorld;
  #wasReady = false;
  /** Head killed by us: what serves nothing then is not the operator's doing. */
  hurtUntilMs = 0;

  constructor(world: ServiceWorld) {
    this.#world = world;
  }

  look(): void {
    const { kube, ray, clock } = this.#world;
    const target = kube.find<Service>("Service", "fruit-serve-svc")?.spec?.selector?.[labels.cluster];
    const clusters = kube.all<RayCluster>("RayCluster");
    // S1: whom the Service points at is there and not on its way out.
    if (target !== undefined) {
      const cluster = clusters.find(({ metadata }) => metadata.name === target);
      ok(cluster !== undefined, `the cluster ${target} behind the Service is gone`);
      ok(cluster.metadata.deletionTimestamp === undefined, `${target} is on its way out`);
    }
    // S2: once ready, the Service points at a cluster whose applications run, but for what we have killed.
    this.#wasReady ||= this.#world.condition("Ready") === "True/NonZeroServeEndpoints";
    if (this.#wasReady && clock.nowMs() > this.hurtUntilMs && target !== undefined) {
      ok(ray.serves.get(target)?.served === true, `${target} serves nothing`);
      const slice = kube.find<EndpointSlice>("EndpointSlice", "fruit-serve-svc-slice");
      ok(slice?.endpoints.length !== 0, `no endpoints of ${target}`);
    }
    // S3: at most one upgrade: an active cluster, a pending one, and others only on their way out.
    const { status } = this.#world.service;
    const named = new Set([status?.activeServiceStatus?.rayClusterName, status?.pendingServiceStatus?.rayClusterName]);
    const strangers = clusters.filter(
      ({ metadata }) => !named.has(metadata.name) && metadata.deletionTimestamp === undefined,
    );
    const known = new Set(status?.retiringClusters?.map(({ name }) => name));
    for (const { metadata } of strangers) {
      const isBeingNoted = !known.has(metadata.name);
      if (isBeingNoted) this.#unnoted.set(metadata.name, (this.#unnoted.get(metadata.name) ?? 0) + 1);
      ok((this.#unnoted.get(metadata.name) ?? 0) < 40, `${metadata.name} belongs to nobody`);
    }
  }

  readonly #unnoted = new Map<string, number>();
}

const play = async (seed: number, ft: boolean, turnList: readonly Turn[]): Promise<void> => {
  const random = seeded(seed);
  const world = new ServiceWorld(random);
  try {
    const watchman = new Watchman(world);
    world.ray.failsNow = () => random() < 0.1;
    const wish: Wish = { image: 1, price: 1, replicas: 2, version: 1, type: "InPlace" };
    world.apply(sketchOf(wish, ft));
    world.onStep = () => watchman.look();
    await world.run(8_000);
    for (const turn of turnList) {
      if (turn.kind === "death") world.diesAfter = turn.actions;
      else if (turn.kind === "restart") world.restart();
      else if (turn.kind === "head") {
        const name = world.active;
        if (name !== undefined) world.ray.killHead(name);
        watchman.hurtUntilMs = world.clock.nowMs() + 30_000;
      } else if (turn.kind === "sick") {
        if (world.pending !== undefined) world.ray.sick.add(world.pending);
      } else {
        const { kind: _, afterMs: __, ...change } = turn;
        Object.assign(wish, change);
        world.apply(sketchOf(wish, ft));
      }
      await world.run(turn.afterMs);
    }
    await settled(world, wish);
  } finally {
    world.close();
  }
};

/** Everything ends well: what was asked for serves, nothing else is left, and nothing is written any more. */
const settled = async (world: ServiceWorld, wish: Wish): Promise<void> => {
  world.ray.failsNow = () => false;
  world.ray.sick.clear();
  world.diesAfter = Number.POSITIVE_INFINITY;
  await world.run(120_000);
  deepStrictEqual(world.condition("Ready"), "True/NonZeroServeEndpoints");
  deepStrictEqual(world.condition("UpgradeInProgress"), "False/NoPendingCluster");
  const names = world.kube.all<RayCluster>("RayCluster").map(({ metadata }) => metadata.name);
  deepStrictEqual(names, [world.active]);
  const active = world.active ?? "";
  ok(JSON.stringify(world.ray.serves.get(active)?.config)?.includes(`"price":${wish.price}`));
  if (wish.type !== "None") {
    const spec = world.kube.find<RayCluster>("RayCluster", active)?.spec;
    deepStrictEqual(spec?.rayVersion, `3.${wish.version}.0`);
    deepStrictEqual(spec?.headGroupSpec.template.spec?.containers[0]?.image, `mantaray/manta:${wish.image}`);
    deepStrictEqual(spec?.workerGroupSpecs?.[0]?.replicas, wish.replicas);
    const images = world.ray.pods(active).map((pod) => pod.spec?.containers[0]?.image);
    deepStrictEqual(new Set(images), new Set([`mantaray/manta:${wish.image}`]));
  }
  world.kube.writes.length = 0;
  await world.run(30_000);
  deepStrictEqual(world.kube.writes, []);
};

it("whatever is asked for and whoever dies, the Service points at a cluster that serves, and all settles", async () => {
  const details = await fc.check(fc.asyncProperty(fc.nat(), fc.boolean(), turns, play), {
    numRuns: Number(process.env.MANTA_SIMULATION_RUNS ?? 25),
    ...(process.env.MANTA_SIMULATION_SEED === undefined ? {} : { seed: Number(process.env.MANTA_SIMULATION_SEED) }),
  });
  expect(fc.defaultReportMessage(details)).toBeUndefined();
}, 300_000);
