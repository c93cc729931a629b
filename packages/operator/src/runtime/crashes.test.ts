import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import type { Draft } from "../kube/objects.ts";
import { rayClusters, rayServices } from "../kube/ray-resources.ts";
import { resources } from "../kube/resources.ts";
import { rayServiceManifest, type ServiceSketch, workers } from "../service/fixtures/ray-service.ts";
import { CrashNamespace, CrashWorld } from "./fixtures/crash-world.ts";

/** Deaths a story in the ordinary run, chosen by `MANTA_CRASH_SEED`; every one with `MANTA_CRASH_ALL=1`. */
const deathsMax = process.env.MANTA_CRASH_ALL === "1" ? Number.POSITIVE_INFINITY : 2;
const seed = Number(process.env.MANTA_CRASH_SEED ?? Date.now() % 1_000);
/** Namespaces at once, each with an operator and its ten watches: more only wait for each other's handshakes. */
const togetherMax = 8;
let together = 0;

let world: CrashWorld;
beforeAll(async () => {
  world = await CrashWorld.start();
});
afterAll(async () => await world.close());

/** Something that is asked for, of what is there already. */
interface Story {
  /** Brought about before the first death. */
  readonly before?: Step;
  readonly step: Step;
}

interface Step {
  ask(namespace: CrashNamespace): Promise<unknown>;
  isDone(namespace: CrashNamespace): Promise<boolean>;
}

const name = "one";

const manifest = (namespace: CrashNamespace, sketch: ServiceSketch): Draft<RayService> => {
  const { metadata: _, ...rest } = rayServiceManifest(sketch) as Record<string, unknown>;
  return { ...rest, metadata: { name, namespace: namespace.name } } as unknown as Draft<RayService>;
};

const serves = (image: number, type: "InPlace" | "NewCluster"): Step => {
  const text = `mantaray/manta:${image}`;
  return {
    ask: (namespace) => {
      const spec = { rayClusterDeletionDelaySeconds: 0, upgradeStrategy: { type } };
      return namespace.api.apply(rayServices, manifest(namespace, { image: text, spec }));
    },
    isDone: async (namespace) => {
      const { status } = (await namespace.service(name)) ?? {};
      const is = (wanted: string): boolean =>
        status?.conditions?.some((condition) => condition.type === wanted && condition.status === "True") === true;
      const clusters = await namespace.list(rayClusters);
      const { head, worker, leaving } = await namespace.pods();
      const pods = await namespace.list(resources.pods);
      const isNew = pods.every(({ spec }) => spec?.containers.every(({ image: used }) => used === text));
      const isOne = clusters.length === 1 && clusters[0]?.metadata.name === status?.activeServiceStatus?.rayClusterName;
      return isOne && is("Ready") && !is("UpgradeInProgress") && isNew && head === 1 && worker === 2 && leaving === 0;
    },
  };
};

const clusterOf = (namespace: CrashNamespace, spec: object): Draft<RayCluster> =>
  ({
    apiVersion: "ray.io/v1",
    kind: "RayCluster",
    metadata: { name, namespace: namespace.name },
    spec: {
      headGroupSpec: { template: { spec: { containers: [{ name: "ray-head", image: "manta" }] } } },
      workerGroupSpecs: [workers("small")],
      ...spec,
    },
  }) as Draft<RayCluster>;

const runs = (spec: object): Step => ({
  ask: (namespace) => namespace.api.apply(rayClusters, clusterOf(namespace, spec)),
  isDone: async (namespace) => {
    const { head, worker, leaving } = await namespace.pods();
    const { status } = (await namespace.cluster(name)) ?? {};
    return status?.state === "ready" && head === 1 && worker === 2 && leaving === 0;
  },
});

const isSuspended: Step = {
  ask: (namespace) => namespace.api.apply(rayClusters, clusterOf(namespace, { suspend: true })),
  isDone: async (namespace) =>
    (await namespace.cluster(name))?.status?.state === "suspended" &&
    (await namespace.list(resources.pods)).length === 0,
};

const withRedis = { gcsFaultToleranceOptions: { redisAddress: "redis:6379" } };

const isDeleted: Step = {
  ask: (namespace) => namespace.api.delete(rayClusters, { namespace: namespace.name, name }),
  isDone: async (namespace) =>
    (await namespace.cluster(name)) === undefined &&
    (await namespace.list(resources.pods)).length + (await namespace.list(resources.jobs)).length === 0,
};

const stories: Readonly<Record<string, Story>> = {
  "a new RayService": { step: serves(1, "InPlace") },
  "an update in place": { before: serves(1, "InPlace"), step: serves(2, "InPlace") },
  "an upgrade by a new cluster": { before: serves(1, "NewCluster"), step: serves(2, "NewCluster") },
  "a suspension": { before: runs({}), step: isSuspended },
  "an end of a suspension": { before: { ...isSuspended }, step: runs({ suspend: false }) },
  "a deletion with a clean-up of Redis": { before: runs(withRedis), step: isDeleted },
};

/** Plays a story whose operator dies before one of its writes. Returns how many there were. */
const play = async (story: Story, id: string, deadly: number): Promise<number> => {
  await waitFor(() => together < togetherMax || undefined, { timeoutMs: 600_000, what: "a turn" });
  together += 1;
  try {
    return await playNow(story, id, deadly);
  } finally {
    together -= 1;
  }
};

const playNow = async (story: Story, id: string, deadly: number): Promise<number> => {
  const namespace = await CrashNamespace.create(world, id);
  try {
    if (story.before !== undefined) await bring(namespace, story.before, "the beginning");
    namespace.dieAfter(deadly);
    await bring(namespace, story.step, `the end after a death at write ${deadly}`);
    expect(await namespace.strays()).toEqual([]);
    return namespace.writes;
  } finally {
    await namespace.close();
  }
};

const bring = async (namespace: CrashNamespace, step: Step, what: string): Promise<void> => {
  await step.ask(namespace);
  const isOver = async (): Promise<boolean> =>
    (await step.isDone(namespace)) && (await namespace.strays()).length === 0 && (await namespace.isQuiet());
  await namespace.until(what, isOver, 60_000);
};

/** So many of 0 … count − 1, by the seed. */
const choose = (count: number, max: number): number[] => {
  let state = seed;
  const weight = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  return Array.from({ length: count }, (_, index) => ({ index, weight: weight() }))
    .toSorted((left, right) => left.weight - right.weight)
    .slice(0, max)
    .map(({ index }) => index)
    .toSorted((left, right) => left - right);
};

describe.concurrent(`an operator that dies at any write (seed ${seed})`, () => {
  it.each(Object.entries(stories))("brings %s to its end", { timeout: 600_000 }, async (title, story) => {
    const id = title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
    const writes = await play(story, id, Number.POSITIVE_INFINITY);
    const deaths = choose(writes, deathsMax);
    expect(deaths.length).toBeGreaterThan(0);
    await Promise.all(deaths.map(async (deadly) => await play(story, `${id}-${deadly}`, deadly)));
  });
});
