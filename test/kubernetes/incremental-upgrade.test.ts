import { gatewayResources, type KubeObject } from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RayService } from "../../packages/operator/src/api/ray-service.ts";
import { rayService, type ServiceOptions } from "./kit/manifests.ts";
import { conditionOf, ServeKit } from "./kit/serve-kit.ts";
import { testedGatewayClass } from "./kit/tested-cluster.ts";
import { noFailures, underLoad } from "./kit/under-load.ts";

/** The reference's incremental upgrades and rollbacks, on pods, behind a Gateway, each under load. */
const name = "stepwise";
const timeoutMs = 120_000;
vi.setConfig({ testTimeout: 3 * timeoutMs, hookTimeout: 2 * timeoutMs });

/** How fast: share of the traffic a step, seconds between steps, share of the capacity a step. */
type Pace = readonly [stepSizePercent: number, intervalSeconds: number, maxSurgePercent: number];

/** Versions of the service: each has pods and prices of its own, and its own answers. */
const versions = {
  A: { options: { price: 3, factor: 5, workerEnv: { VERSION: "A" } }, answers: ["6", "15 pizzas please!"] },
  B: { options: { price: 4, factor: 3, workerEnv: { VERSION: "B" } }, answers: ["8", "9 pizzas please!"] },
  C: { options: { price: 5, factor: 2, workerEnv: { VERSION: "C" } }, answers: ["10", "6 pizzas please!"] },
} as const;
type Version = keyof typeof versions;

let kit: ServeKit;
/** The one that all of the traffic goes to before each test. */
let present: Version = "A";

beforeAll(async () => {
  kit = await ServeKit.start({ gateways: true });
  await apply("A", [25, 1, 50]);
  await kit.ready(name);
  await idle();
});
afterAll(() => kit.close());

const apply = (version: Version, [stepSizePercent, intervalSeconds, maxSurgePercent]: Pace): Promise<string> => {
  const gatewayClassName = testedGatewayClass ?? "";
  const clusterUpgradeOptions = { stepSizePercent, intervalSeconds, maxSurgePercent, gatewayClassName };
  const options: ServiceOptions = {
    ...versions[version].options,
    name,
    cluster: { enableInTreeAutoscaling: true },
    spec: {
      rayClusterDeletionDelaySeconds: 1,
      upgradeStrategy: { type: "NewClusterWithIncrementalUpgrade", clusterUpgradeOptions },
    },
  };
  return kit.apply(rayService(options));
};

interface Figures {
  readonly weight: number;
  readonly capacity: number;
  readonly activeCapacity: number;
}

/** The two versions that the traffic does not go to. */
const others = (): [Version, Version] => {
  const [first = "A", second = "A"] = (Object.keys(versions) as Version[]).filter((version) => version !== present);
  return [first, second];
};

const answersOf = (...chosen: readonly Version[]): string[] =>
  chosen.flatMap((version) => [...versions[version].answers]);

const figuresOf = ({ status }: RayService): Figures => ({
  weight: status?.pendingServiceStatus?.trafficRoutedPercent ?? 0,
  capacity: status?.pendingServiceStatus?.targetCapacity ?? 0,
  activeCapacity: status?.activeServiceStatus?.targetCapacity ?? 100,
});

const pendingOf = ({ status }: RayService): string => status?.pendingServiceStatus?.rayClusterName ?? "";

const backends = async (): Promise<readonly { readonly name: string; readonly weight: number }[]> => {
  const id = { namespace: kit.namespace, name: `${name}-httproute` };
  const route = await kit.cluster.access.get(gatewayResources.httpRoutes, id);
  const spec = route?.["spec"] as { rules: { backendRefs: { name: string; weight: number }[] }[] } | undefined;
  return spec?.rules[0]?.backendRefs ?? [];
};

/** Nothing is going on: one cluster has everything, and the other is gone. */
const idle = async (): Promise<void> => {
  await kit.until(name, "the end of the upgrade", (service) => {
    const { activeServiceStatus } = service.status ?? {};
    return pendingOf(service) === "" && activeServiceStatus?.trafficRoutedPercent === 100;
  });
  await waitFor(async () => (await kit.clustersOf(name)).length === 1 && (await backends()).length === 1, {
    timeoutMs,
    what: "one cluster",
  });
};

const weightReaches = (weight: number): Promise<unknown> =>
  kit.until(name, `${weight} % of the traffic`, (service) => figuresOf(service).weight >= weight);

const startsCluster = (than: string): Promise<unknown> =>
  kit.until(name, "another pending cluster", (service) => !["", than].includes(pendingOf(service)));

/** Begins an upgrade and lets it come so far; the new cluster's name. */
const upgradeTo = async (next: Version, pace: Pace, weight: number): Promise<string> => {
  const old = await kit.activeCluster(name);
  await apply(next, pace);
  await startsCluster(old);
  await weightReaches(weight);
  return pendingOf(await kit.service(name));
};

const isRollingBack = (): Promise<unknown> =>
  kit.until(name, "the rollback", (service) => conditionOf(service, "RollbackInProgress")?.startsWith("True") === true);

/** The RayService at each of its changes. */
const recorded = async (happening: () => Promise<void>): Promise<RayService[]> => {
  const seen: RayService[] = [];
  const services = { group: "ray.io", version: "v1", plural: "rayservices" };
  const watch = kit.cluster.access.watch(services, { namespace: kit.namespace }, ({ object }: { object: KubeObject }) =>
    seen.push(object as unknown as RayService),
  );
  try {
    await happening();
  } finally {
    watch.close();
  }
  return seen;
};

const rising = (values: readonly number[]): boolean =>
  values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));

describe.skipIf(testedGatewayClass === undefined)("an incremental upgrade", () => {
  it.each<[string, Pace]>([
    ["at once (blue and green)", [100, 1, 100]],
    ["in a few steps", [25, 2, 50]],
    ["in many steps", [10, 1, 20]],
  ])("moves the traffic %s, and fails no request", async (_, pace) => {
    const old = await kit.activeCluster(name);
    const [next] = others();
    const right = answersOf(present, next);
    let history: RayService[] = [];
    const outcome = await underLoad(
      kit,
      name,
      async () => {
        history = await recorded(async () => {
          await apply(next, pace);
          await startsCluster(old);
          await idle();
        });
      },
      right,
    );
    present = next;
    expect(outcome).toMatchObject(noFailures);
    expect(await kit.answers(name)).toEqual(answersOf(next));
    expect(await kit.activeCluster(name)).not.toBe(old);
    const during = history.filter((service) => pendingOf(service) !== "").map(figuresOf);
    const weights = [...new Set(during.map(({ weight }) => weight))];
    const [step, , surge] = pace;
    expect(weights).toEqual(Array.from({ length: 100 / step + 1 }, (_none, index) => index * step));
    expect(rising(during.map(({ capacity }) => capacity))).toBe(true);
    // Traffic never goes before capacity, and capacity beyond all that is needed is one surge at most.
    for (const { weight, capacity, activeCapacity } of during) {
      expect(weight).toBeLessThanOrEqual(capacity);
      expect(100 - weight).toBeLessThanOrEqual(activeCapacity);
      expect(capacity + activeCapacity).toBeLessThanOrEqual(100 + surge);
    }
  });
});

const surge50: Pace = [25, 2, 50];

describe.skipIf(testedGatewayClass === undefined)("its rollback", () => {
  it.each<[string, Pace, number]>([
    ["early", [10, 2, 50], 10],
    ["in the middle", surge50, 50],
    ["late", [25, 5, 50], 75],
    ["before any traffic", [100, 1, 100], 0],
  ])("gives everything back to the old cluster (%s), and fails no request", async (_, pace, weight) => {
    const old = await kit.activeCluster(name);
    const [next] = others();
    const outcome = await underLoad(
      kit,
      name,
      async () => {
        await upgradeTo(next, pace, weight);
        await apply(present, pace);
        await idle();
      },
      answersOf(present, next),
    );
    expect(outcome).toMatchObject(noFailures);
    expect(await kit.activeCluster(name)).toBe(old);
    expect(await kit.answers(name)).toEqual(answersOf(present));
    const service = await kit.service(name);
    expect(figuresOf(service)).toEqual({ weight: 0, capacity: 0, activeCapacity: 100 });
    expect(conditionOf(service, "RollbackInProgress")).toBeUndefined();
    expect(conditionOf(service, "UpgradeInProgress")).toMatch(/^False/);
  });
});

describe.skipIf(testedGatewayClass === undefined)("a rollback", () => {
  it("is taken back when the new version is wanted after all", async () => {
    const [next] = others();
    let pending = "";
    const outcome = await underLoad(
      kit,
      name,
      async () => {
        pending = await upgradeTo(next, surge50, 50);
        await apply(present, surge50);
        await isRollingBack();
        await apply(next, surge50);
        await idle();
      },
      answersOf(present, next),
    );
    present = next;
    expect(outcome).toMatchObject(noFailures);
    expect(await kit.activeCluster(name)).toBe(pending);
    expect(await kit.answers(name)).toEqual(answersOf(next));
  });

  it("comes before the upgrade to a third version", async () => {
    const old = await kit.activeCluster(name);
    const [next, third] = others();
    let second = "";
    const outcome = await underLoad(
      kit,
      name,
      async () => {
        second = await upgradeTo(next, surge50, 50);
        await apply(third, surge50);
        await isRollingBack();
        await startsCluster(second);
        expect(await kit.activeCluster(name)).toBe(old);
        await idle();
      },
      answersOf(present, next, third),
    );
    present = third;
    expect(outcome).toMatchObject(noFailures);
    expect([old, second]).not.toContain(await kit.activeCluster(name));
    expect(await kit.answers(name)).toEqual(answersOf(third));
  });

  it("does not wait for a new cluster whose head is gone", async () => {
    const old = await kit.activeCluster(name);
    const [next] = others();
    const pending = await upgradeTo(next, surge50, 25);
    const [head] = await kit.pods(`ray.io/node-type=head,ray.io/cluster=${pending}`);
    await apply(present, surge50);
    await kit.cluster.kubectl(
      "delete",
      "pod",
      head?.metadata.name ?? "",
      "--grace-period=0",
      "--force",
      "--wait=false",
    );
    await idle();
    expect(await kit.activeCluster(name)).toBe(old);
    expect(await kit.answers(name)).toEqual(answersOf(present));
  });
});

describe.skipIf(testedGatewayClass === undefined)(
  "a RayService that is suspended in the middle of an incremental upgrade",
  () => {
    it("has no cluster, no Gateway and no route", async () => {
      await upgradeTo(others()[0], surge50, 25);
      await kit.cluster.kubectl("patch", "rayservice", name, "--type=merge", "-p", '{"spec":{"suspend":true}}');
      await kit.until(
        name,
        "the suspension",
        (service) => conditionOf(service, "Suspended") === "True/SuspendComplete",
      );
      expect(await kit.clustersOf(name)).toEqual([]);
      for (const resource of Object.values(gatewayResources))
        expect(await kit.cluster.access.list(resource, { namespace: kit.namespace })).toEqual([]);
    });
  },
);
