import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rayService, type ServiceOptions } from "./kit/manifests.ts";
import { ServeKit } from "./kit/serve-kit.ts";
import { noFailures, underLoad } from "./kit/under-load.ts";

const first = ["6", "15 pizzas please!"];
const second = ["8", "9 pizzas please!"];
const changedApps = { price: 4, factor: 3 };
const timeoutMs = 90_000;

/** Upgraded inside its cluster, unless it says otherwise. */
const rolled: ServiceOptions = { name: "rolled" };
/** Upgraded by a new cluster. */
const renewed: ServiceOptions = {
  name: "renewed",
  spec: { upgradeStrategy: { type: "NewCluster" }, rayClusterDeletionDelaySeconds: 5 },
};

let kit: ServeKit;

beforeAll(async () => {
  kit = await ServeKit.start();
  await Promise.all([kit.applyReady(rolled), kit.applyReady(renewed)]);
}, 120_000);
afterAll(() => kit.close());

const apply = (...parts: Partial<ServiceOptions>[]): Promise<string> =>
  kit.apply(rayService(Object.assign({}, ...parts) as ServiceOptions));

const answers = (service: string, wanted: readonly string[]): Promise<unknown> =>
  waitFor(async () => String(await kit.answers(service)) === String(wanted), {
    timeoutMs,
    intervalMs: 100,
    what: `${service} to answer ${String(wanted)}`,
  });

const upgrading = (name: string, status: string): Promise<unknown> =>
  kit.until(
    name,
    `UpgradeInProgress ${status} of ${name}`,
    (service) => conditionOf(service, "UpgradeInProgress") === status,
  );

const conditionOf = (service: Awaited<ReturnType<ServeKit["service"]>>, type: string): string | undefined =>
  service.status?.conditions?.find((condition) => condition.type === type)?.status;

describe("a RayService", () => {
  it("takes a changed Serve config in its cluster", async () => {
    await answers("rolled", first);
    const cluster = await kit.activeCluster("rolled");
    await apply(rolled, changedApps);
    await answers("rolled", second);
    expect(await kit.clustersOf("rolled")).toEqual([cluster]);
  });

  it("leaves its cluster alone with upgradeStrategy None, and takes the Serve config", async () => {
    const cluster = await kit.activeCluster("rolled");
    const before = await kit.rayCluster(cluster);
    const spec = { upgradeStrategy: { type: "None" as const } };
    await apply(rolled, { spec, workerEnv: { CHANGED: "by-none" } });
    await answers("rolled", first);
    await kit.ready("rolled");
    expect((await kit.rayCluster(cluster)).spec).toEqual(before.spec);
    expect(await kit.clustersOf("rolled")).toEqual([cluster]);
    await apply(rolled);
    await kit.ready("rolled");
  });

  it("exchanges its pods one by one without a second cluster, and fails no request", async () => {
    const cluster = await kit.activeCluster("rolled");
    const [old] = await kit.workers("rolled");
    let podsMax = 0;
    const outcome = await underLoad(kit, "rolled", async () => {
      await apply(rolled, { workerEnv: { CHANGED: "in-place" } });
      await waitFor(
        async () => {
          const workers = await kit.workers("rolled");
          podsMax = Math.max(podsMax, workers.length);
          return workers.length === 1 && workers[0]?.metadata.uid !== old?.metadata.uid;
        },
        { timeoutMs, what: "another worker" },
      );
      await upgrading("rolled", "False");
      await kit.ready("rolled");
    });
    expect(outcome).toMatchObject(noFailures);
    expect(podsMax).toBe(2);
    expect(await kit.clustersOf("rolled")).toEqual([cluster]);
    const [worker] = await kit.workers("rolled");
    expect(JSON.stringify(worker?.spec)).toContain("in-place");
  });

  it("moves to a new cluster, fails no request, and deletes the old one after its delay", async () => {
    const old = await kit.activeCluster("renewed");
    const outcome = await underLoad(kit, "renewed", async () => {
      await apply(renewed, { workerEnv: { CHANGED: "once" } });
      await upgrading("renewed", "True");
      await upgrading("renewed", "False");
      await waitFor(async () => !(await kit.clustersOf("renewed")).includes(old), {
        timeoutMs,
        what: "the old cluster to be gone",
      });
    });
    expect(outcome).toMatchObject(noFailures);
    expect(await kit.activeCluster("renewed")).not.toBe(old);
    expect(await kit.clustersOf("renewed")).toHaveLength(1);
  });

  it("goes on with an upgrade after the operator's death, and gives a new config to the new cluster only", async () => {
    const old = await kit.activeCluster("renewed");
    const outcome = await underLoad(
      kit,
      "renewed",
      async () => {
        await apply(renewed, changedApps, { workerEnv: { CHANGED: "twice" } });
        await upgrading("renewed", "True");
        await kit.killOperator();
        expect(await kit.answers("renewed")).toEqual(first);
        await kit.startOperator();
        await upgrading("renewed", "False");
        await answers("renewed", second);
      },
      [...first, ...second],
    );
    expect(outcome).toMatchObject(noFailures);
    expect(await kit.activeCluster("renewed")).not.toBe(old);
  });
});
