import { resources } from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rayService, type ServiceOptions } from "./kit/manifests.ts";
import { conditionOf, isReady, ServeKit } from "./kit/serve-kit.ts";
import { noFailures, underLoad } from "./kit/under-load.ts";

const first = ["6", "15 pizzas please!"];
const second = ["8", "9 pizzas please!"];
const changedApps = { price: 4, factor: 3 };
const timeoutMs = 90_000;

/** Upgraded inside its cluster, unless it says otherwise. */
const rolled: ServiceOptions = { name: "rolled", annotations: { "ray.io/initializing-timeout": "10m" } };
/** Upgraded by a new cluster, and asks for tokens between its pods. */
const renewed: ServiceOptions = {
  name: "renewed",
  cluster: { authOptions: { mode: "token" } },
  spec: { upgradeStrategy: { type: "NewCluster" }, rayClusterDeletionDelaySeconds: 5 },
};

// Several waits each, on cores that others may have.
vi.setConfig({ testTimeout: 3 * timeoutMs, hookTimeout: 3 * timeoutMs });

let kit: ServeKit;

beforeAll(async () => {
  kit = await ServeKit.start();
  await Promise.all([kit.applyReady(rolled), kit.applyReady(renewed)]);
});
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
  kit.until(name, `UpgradeInProgress ${status} of ${name}`, (service) =>
    String(conditionOf(service, "UpgradeInProgress")).startsWith(`${status}/`),
  );

const suspended = (name: string): Promise<unknown> =>
  kit.until(name, `${name} to be suspended`, (service) => conditionOf(service, "Suspended") === "True/SuspendComplete");

const seen = (name: string): Promise<unknown> =>
  kit.until(
    name,
    `${name}'s newest spec to be seen`,
    ({ metadata, status }) => status?.observedGeneration === metadata.generation,
  );

const suspend = (name: string, value: boolean): Promise<string> =>
  kit.cluster.kubectl("patch", "rayservice", name, "--type=merge", "-p", `{"spec":{"suspend":${value}}}`);

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
});

describe("a RayService with upgradeStrategy NewCluster", () => {
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

describe("a RayService without fault tolerance", () => {
  it("gives the apps to another head when the only one is deleted", async () => {
    await apply(rolled);
    await kit.ready("rolled");
    const old = await kit.head("rolled");
    await kit.cluster.kubectl("delete", "pod", old.metadata.name, "--wait=false");
    await waitFor(
      async () => {
        const head = await kit.head("rolled");
        return head.metadata.uid !== old.metadata.uid && isReady(head);
      },
      { timeoutMs, what: "another head" },
    );
    await answers("rolled", first);
    await kit.ready("rolled", 2);
    expect(await kit.clustersOf("rolled")).toHaveLength(1);
  });
});

describe("a suspended RayService", () => {
  it("has neither cluster nor Services, and is resumed", async () => {
    await suspend("rolled", true);
    await suspended("rolled");
    expect(await kit.clustersOf("rolled")).toEqual([]);
    expect(await servicesOf("rolled")).toEqual([]);
    const service = await kit.service("rolled");
    expect(conditionOf(service, "Ready")).toBe("False/SuspendComplete");
    expect(conditionOf(service, "UpgradeInProgress")).toBe("False/SuspendComplete");
    await suspend("rolled", false);
    await kit.ready("rolled");
    await answers("rolled", first);
    expect(conditionOf(await kit.service("rolled"), "Suspended")).toBe("False/RayServiceResumed");
  });

  it("in the middle of an upgrade has neither of its clusters", async () => {
    await apply(renewed, { workerEnv: { CHANGED: "three times" } });
    await upgrading("renewed", "True");
    await waitFor(async () => (await kit.clustersOf("renewed")).length === 2, { timeoutMs, what: "two clusters" });
    await suspend("renewed", true);
    await suspended("renewed");
    expect(await kit.clustersOf("renewed")).toEqual([]);
    expect(conditionOf(await kit.service("renewed"), "UpgradeInProgress")).toBe("False/SuspendComplete");
  });
});

describe("a RayService that never runs", () => {
  it("is refused with a name that is too long", async () => {
    await expect(apply({ name: "a".repeat(48) })).rejects.toThrow("metadata.name must have at most 47 characters");
  });

  it("has no cluster when it is created suspended", async () => {
    await apply({ name: "asleep", spec: { suspend: true } });
    await suspended("asleep");
    await apply({ name: "asleep", price: 4, spec: { suspend: true } });
    await seen("asleep");
    expect(await kit.clustersOf("asleep")).toEqual([]);
  });

  it("is left alone when another controller manages it", async () => {
    const managedBy = "kueue.x-k8s.io/multikueue" as const;
    await apply({ name: "foreign", spec: { managedBy } });
    // Its neighbour came later: had it been the operator's, it would have been looked at by now.
    await apply({ name: "neighbour", spec: { suspend: true } });
    await suspended("neighbour");
    expect((await kit.service("foreign")).status?.conditions ?? []).toEqual([]);
    expect(await kit.clustersOf("foreign")).toEqual([]);
    await expect(apply({ name: "foreign" })).rejects.toThrow("managedBy is immutable");
    const unknown = { managedBy: "somebody" } as object;
    await expect(apply({ name: "nobody", spec: unknown })).rejects.toThrow("spec.managedBy");
  });

  it("fails for good when it is not Ready in time, whatever its spec says later", async () => {
    const late: ServiceOptions = {
      name: "late",
      annotations: { "ray.io/initializing-timeout": "3s" },
      spec: { rayClusterDeletionDelaySeconds: 0 },
      cluster: { headGroupSpec: { template: { spec: { containers: [{ name: "head", image: "missing/image:1" }] } } } },
    };
    await apply(late);
    await kit.until("late", "the time-out", (service) => conditionOf(service, "Ready") === "False/InitializingTimeout");
    await waitFor(async () => (await kit.clustersOf("late")).length === 0, { timeoutMs, what: "its cluster to go" });
    await apply({ ...late, price: 4 });
    await seen("late");
    const service = await kit.service("late");
    expect(conditionOf(service, "Ready")).toBe("False/InitializingTimeout");
    expect(service.status?.activeServiceStatus?.rayClusterName ?? "").toBe("");
    expect(service.status?.pendingServiceStatus?.rayClusterName ?? "").toBe("");
    expect(await kit.clustersOf("late")).toEqual([]);
  });
});

const servicesOf = async (name: string): Promise<string[]> => {
  const services = await kit.cluster.access.list(resources.services, { namespace: kit.namespace });
  return services.map(({ metadata }) => metadata.name).filter((found) => found.startsWith(name));
};
