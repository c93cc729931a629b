import type { Service } from "kubernetes-types/core/v1.d.ts";
import { afterEach, describe, expect, it } from "vitest";
import { annotations, labels } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import { fruitConfig, type ServiceSketch, workers } from "./fixtures/ray-service.ts";
import { ServiceWorld } from "./fixtures/service-world.ts";

let world = new ServiceWorld();
afterEach(() => world.close());

const ready = async (sketch: ServiceSketch = {}): Promise<string> => {
  world = new ServiceWorld();
  world.apply(sketch);
  await world.until("ready", () => world.condition("Ready") === "True/NonZeroServeEndpoints");
  await world.run(12_000);
  return world.active ?? "";
};

const serveTarget = (): string | undefined =>
  world.kube.find<Service>("Service", "fruit-serve-svc")?.spec?.selector?.[labels.cluster];
const headTarget = (): string | undefined =>
  world.kube.find<Service>("Service", "fruit-head-svc")?.spec?.selector?.[labels.cluster];
const clusterNames = (): string[] => world.kube.all<RayCluster>("RayCluster").map(({ metadata }) => metadata.name);
const reasons = (): string[] => world.events.map(({ reason }) => reason);

const label = (): string | undefined => world.ray.head(world.active ?? "")?.metadata.labels?.[labels.serve];

const redis = { gcsFaultToleranceOptions: { redisAddress: "redis:6379" } };
const newCluster = { upgradeStrategy: { type: "NewCluster" } };

describe("a RayService", () => {
  it("names its first cluster, makes it, sends it the config and serves", async () => {
    world = new ServiceWorld();
    world.apply({});
    await world.run(250);
    expect(world.condition("Ready")).toBe("False/Initializing");
    expect(world.condition("UpgradeInProgress")).toBe("False/Initializing");
    expect(world.pending).toMatch(/^fruit-[a-z0-9]{5}$/);
    await world.until("ready", () => world.condition("Ready") === "True/NonZeroServeEndpoints");
    expect(world.service.status?.serviceStatus).toBe("Running");
    expect(world.condition("UpgradeInProgress")).toBe("False/NoPendingCluster");
    expect([serveTarget(), headTarget()]).toEqual([world.active, world.active]);
    await world.run(5_000);
    expect(world.service.status?.numServeEndpoints).toBe(3);
    expect(world.service.status?.activeServiceStatus?.applicationStatuses?.fruit_app?.status).toBe("RUNNING");
    expect(reasons()).toEqual(
      expect.arrayContaining(["CreatedRayCluster", "CreatedService", "UpdatedServeApplications"]),
    );
  });

  it("writes nothing while nothing changes", async () => {
    await ready();
    world.kube.writes.length = 0;
    await world.run(120_000);
    expect(world.kube.writes).toEqual([]);
    expect(world.ray.puts).toHaveLength(1);
    world.restart();
    await world.run(60_000);
    expect(world.kube.writes).toEqual([]);
  });

  it("tells that a newer spec was seen, even where nothing else differs", async () => {
    await ready();
    const spec = { rayClusterDeletionDelaySeconds: 99 };
    world.apply({ spec });
    await world.run(2_000);
    const { metadata, status } = world.service;
    expect(metadata.generation).toBeGreaterThan(1);
    expect(status?.observedGeneration).toBe(metadata.generation);
  });

  it("updates its applications in place when only the config changes", async () => {
    const active = await ready();
    world.apply({ config: fruitConfig(4) });
    await world.run(2_000);
    expect(world.ray.puts.at(-1)).toMatchObject({ cluster: active });
    expect(JSON.stringify(world.ray.puts.at(-1)?.config)).toContain('"price":4');
    await world.run(10_000);
    expect([world.active, clusterNames()]).toEqual([active, [active]]);
  });

  it("tells of a config that is refused and keeps the old one", async () => {
    await ready();
    world.apply({ config: "applications:\n  - name: fruit_app\n" });
    await world.run(10_000);
    expect(world.events.filter(({ reason }) => reason === "FailedToUpdateServeApplications")).toHaveLength(1);
    expect(world.condition("Ready")).toBe("True/NonZeroServeEndpoints");
    world.apply({ config: fruitConfig(5) });
    await world.run(3_000);
    expect(JSON.stringify(world.ray.puts.at(-1)?.config)).toContain('"price":5');
  });
});

describe("an upgrade in place", () => {
  it("replaces the pods of the running cluster one by one and deploys once more", async () => {
    const active = await ready({ cluster: redis });
    let most = 0;
    world.onStep = () => {
      most = Math.max(most, world.ray.pods(active).length);
    };
    world.apply({ cluster: redis, image: "mantaray/manta:2" });
    await world.run(500);
    expect(world.condition("UpgradeInProgress")).toBe("True/RollingInPlace");
    await world.until("upgraded", () => world.condition("UpgradeInProgress") === "False/NoPendingCluster");
    expect(clusterNames()).toEqual([active]);
    expect(most).toBeLessThanOrEqual(5);
    expect(world.ray.pods(active).every((pod) => pod.spec?.containers[0]?.image === "mantaray/manta:2")).toBe(true);
    await world.run(5_000);
    expect(world.ray.puts).toHaveLength(2);
  });

  it("makes a new cluster where the head cannot be exchanged", async () => {
    const active = await ready();
    world.apply({ image: "mantaray/manta:2" });
    await world.until("upgrade", () => world.condition("UpgradeInProgress") === "True/BothActivePendingClustersExist");
    await world.until("upgraded", () => world.condition("UpgradeInProgress") === "False/NoPendingCluster");
    expect(world.active).not.toBe(active);
  });
});

describe("an upgrade to a new cluster", () => {
  it("moves the Services when all applications run, and keeps the old cluster for its time", async () => {
    const old = await ready({ spec: { ...newCluster, rayClusterDeletionDelaySeconds: 10 } });
    let endpoints = 99;
    world.onStep = () => {
      endpoints = Math.min(endpoints, world.service.status?.numServeEndpoints ?? 0);
    };
    world.apply({
      spec: { ...newCluster, rayClusterDeletionDelaySeconds: 10 },
      image: "mantaray/manta:2",
      config: fruitConfig(9),
    });
    await world.until(
      "upgrade",
      () =>
        world.pending !== undefined && world.condition("UpgradeInProgress") === "True/BothActivePendingClustersExist",
    );
    expect(serveTarget()).toBe(old);
    await world.until("switch", () => world.active !== old);
    expect([serveTarget(), headTarget()]).toEqual([world.active, world.active]);
    expect(world.ray.puts.filter(({ cluster }) => cluster === old)).toHaveLength(1);
    world.restart();
    await world.run(9_000);
    expect(clusterNames()).toContain(old);
    await world.run(5_000);
    expect(clusterNames()).toEqual([world.active]);
    expect(endpoints).toBeGreaterThan(0);
  });

  it("lets an old cluster finish what it is doing", async () => {
    const old = await ready({ spec: { ...newCluster, rayClusterDeletionDelaySeconds: 1 } });
    world.ray.ongoing.set(old, 3);
    world.apply({ spec: { ...newCluster, rayClusterDeletionDelaySeconds: 1 }, image: "mantaray/manta:2" });
    await world.until("switch", () => world.active !== old);
    await world.run(30_000);
    expect(clusterNames()).toContain(old);
    world.ray.ongoing.set(old, 0);
    await world.run(6_000);
    expect(clusterNames()).not.toContain(old);
  });

  it("deletes an idle old cluster before the default delay is over", async () => {
    const old = await ready({ spec: newCluster });
    world.ray.ongoing.set(old, 0);
    world.apply({ spec: newCluster, image: "mantaray/manta:2" });
    await world.until("switch", () => world.active !== old);
    await world.run(9_000);
    expect(clusterNames()).toContain(old);
    await world.run(8_000);
    expect(clusterNames()).not.toContain(old);
  });
});

describe("the old cluster during an upgrade", () => {
  it("gets its applications back with the old config", async () => {
    const old = await ready({ spec: newCluster });
    world.apply({ spec: newCluster, image: "mantaray/manta:2", config: fruitConfig(9) });
    await world.until("pending", () => world.pending !== undefined);
    world.ray.sick.add(world.pending ?? "");
    await world.run(5_000);
    world.ray.killHead(old);
    await world.run(15_000);
    const last = world.ray.puts.findLast(({ cluster }) => cluster === old);
    expect(JSON.stringify(last?.config)).toContain('"price":3');
    expect(world.ray.puts.filter(({ cluster }) => cluster === old)).toHaveLength(2);
    expect(world.active).toBe(old);
  });

  it("gives the pending cluster up when the old template is wanted again", async () => {
    const old = await ready({ spec: newCluster });
    world.apply({ spec: newCluster, image: "mantaray/manta:2" });
    await world.until("pending", () => world.pending !== undefined);
    world.apply({ spec: newCluster });
    await world.run(15_000);
    expect([world.active, clusterNames()]).toEqual([old, [old]]);
    expect(world.condition("UpgradeInProgress")).toBe("False/NoPendingCluster");
  });

  it("replaces a pending cluster whose template changes again", async () => {
    await ready({ spec: newCluster });
    world.apply({ spec: newCluster, image: "mantaray/manta:2" });
    await world.until("pending", () => world.pending !== undefined);
    const first = world.pending ?? "";
    world.apply({ spec: newCluster, image: "mantaray/manta:3" });
    await world.until("another", () => world.pending !== first);
    await world.until("upgraded", () => world.pending === undefined && clusterNames().length === 1);
    expect(
      world.ray.pods(world.active ?? "").every((pod) => pod.spec?.containers[0]?.image === "mantaray/manta:3"),
    ).toBe(true);
  });

  it.each([
    ["with the type None", { upgradeStrategy: { type: "None" } }, true],
    ["without a type where the operator is told so", {}, false],
  ])("changes nothing but the config %s", async (_, none, zeroDowntime) => {
    const active = await ready({ spec: none });
    world.zeroDowntime = zeroDowntime;
    world.restart();
    const before = world.kube.find<RayCluster>("RayCluster", active)?.spec;
    world.apply({ spec: none, image: "mantaray/manta:2", config: fruitConfig(7) });
    await world.run(10_000);
    expect([clusterNames(), world.kube.find<RayCluster>("RayCluster", active)?.spec]).toEqual([[active], before]);
    expect(JSON.stringify(world.ray.puts.at(-1)?.config)).toContain('"price":7');
  });
});

describe("a change inside a cluster", () => {
  it("appends worker groups", async () => {
    const active = await ready({ spec: newCluster });
    world.apply({ spec: newCluster, groups: [workers("small"), workers("large")] });
    await world.run(5_000);
    expect(clusterNames()).toEqual([active]);
    const groups = world.kube.find<RayCluster>("RayCluster", active)?.spec.workerGroupSpecs;
    expect(groups?.map(({ groupName }) => groupName)).toEqual(["small", "large"]);
  });

  it("brings sizes in, but not against the autoscaler", async () => {
    const cluster = { enableInTreeAutoscaling: true };
    const active = await ready({ cluster });
    const stored = world.kube.find<RayCluster>("RayCluster", active);
    const [group] = stored?.spec.workerGroupSpecs ?? [];
    if (stored === undefined || group === undefined) throw new Error("no cluster");
    world.kube.put("RayCluster", {
      ...stored,
      spec: { ...stored.spec, workerGroupSpecs: [{ ...group, replicas: 4 }] },
    });
    await world.run(5_000);
    world.apply({ cluster, groups: [workers("small", undefined, { replicas: 1, maxReplicas: 9 })] });
    await world.run(5_000);
    const [now] = world.kube.find<RayCluster>("RayCluster", active)?.spec.workerGroupSpecs ?? [];
    expect(now).toMatchObject({ replicas: 4, maxReplicas: 9 });
    expect(clusterNames()).toEqual([active]);
  });

  it("compares specs, not hashes, of a cluster that another operator has made", async () => {
    const active = await ready({ spec: newCluster });
    const stored = world.kube.find<RayCluster>("RayCluster", active);
    if (stored === undefined) throw new Error("no cluster");
    const foreign = {
      ...stored.metadata.annotations,
      [annotations.specHash]: "K3JH4",
      [annotations.kuberayVersion]: "v1.6.0",
    };
    world.kube.put("RayCluster", { ...stored, metadata: { ...stored.metadata, annotations: foreign } });
    await world.run(5_000);
    expect(clusterNames()).toEqual([active]);
    world.apply({ spec: newCluster, image: "mantaray/manta:2" });
    await world.until("upgraded", () => world.active !== active);
  });

  it("applies later edits of the Services, and makes one anew whose address comes or goes", async () => {
    await ready();
    world.apply({ spec: { serveService: { metadata: { labels: { team: "fruit" } }, spec: { type: "NodePort" } } } });
    await world.run(1_000);
    const serve = world.kube.find<Service>("Service", "fruit-serve-svc");
    expect([serve?.spec?.type, serve?.metadata.labels?.team]).toEqual(["NodePort", "fruit"]);
    const uid = serve?.metadata.uid;
    world.apply({ spec: { serveService: { spec: { type: "ClusterIP", clusterIP: "None" } } } });
    await world.run(1_000);
    const anew = world.kube.find<Service>("Service", "fruit-serve-svc");
    expect(anew?.spec?.clusterIP).toBe("None");
    expect(anew?.metadata.uid).not.toBe(uid);
  });
});

describe("the head behind the Service", () => {
  it("leaves after two bad answers and comes back after a good one", async () => {
    await ready();
    expect(label()).toBe("true");
    const uid = world.ray.head(world.active ?? "")?.metadata.uid ?? "";
    world.ray.deafPods.add(uid);
    await world.run(4_000);
    expect(label()).toBe("false");
    world.ray.deafPods.delete(uid);
    await world.run(3_000);
    expect(label()).toBe("true");
  });

  it("never is there with excludeHeadPodFromServeSvc", async () => {
    await ready({ spec: { excludeHeadPodFromServeSvc: true } });
    expect([label(), world.service.status?.numServeEndpoints]).toEqual(["false", 2]);
  });

  it("may be missing without stopping the rest", async () => {
    const active = await ready();
    world.ray.killHead(active);
    world.apply({ spec: { serveService: { spec: { type: "NodePort" } } } });
    await world.run(500);
    expect(world.kube.find<Service>("Service", "fruit-serve-svc")?.spec?.type).toBe("NodePort");
    await world.run(15_000);
    expect(world.service.status?.numServeEndpoints).toBe(3);
    expect(world.ray.puts).toHaveLength(2);
  });
});

describe("an end", () => {
  it("comes to the clusters first, then to the RayService", async () => {
    await ready();
    world.deleteService();
    await world.run(500);
    expect(world.kube.find("RayService", "fruit")).toBeDefined();
    await world.run(5_000);
    expect([clusterNames(), world.kube.find("RayService", "fruit")]).toEqual([[], undefined]);
  });

  it("comes to a RayService that is not ready in its time, and an edit does not revive it", async () => {
    world = new ServiceWorld();
    const notes = { [annotations.initializingTimeout]: "10s" };
    const config = "applications:\n  - name: fruit_app\n";
    world.apply({ annotations: notes, config, spec: { rayClusterDeletionDelaySeconds: 1 } });
    await world.run(25_000);
    expect(world.condition("Ready")).toBe("False/InitializingTimeout");
    world.apply({ annotations: notes, spec: { rayClusterDeletionDelaySeconds: 1 } });
    await world.run(15_000);
    expect(world.condition("Ready")).toBe("False/InitializingTimeout");
    expect([world.active, world.pending, clusterNames()]).toEqual([undefined, undefined, []]);
    expect(reasons().filter((reason) => reason === "RayServiceInitializingTimeout")).toHaveLength(1);
  });
});

describe("suspension", () => {
  const suspended = { suspend: true };

  it("removes clusters and Services, and serves again when it is over", async () => {
    const old = await ready();
    world.apply({ spec: suspended });
    await world.run(500);
    expect(world.condition("Suspending")).toMatch(/^True\/Suspend(Requested|InProgress)$/);
    await world.until("suspended", () => world.condition("Suspended") === "True/SuspendComplete");
    expect([clusterNames(), world.kube.all("Service").length]).toEqual([[], 0]);
    expect([world.condition("Ready"), world.condition("Suspending")]).toEqual([
      "False/SuspendComplete",
      "False/SuspendComplete",
    ]);
    world.apply({});
    await world.until("ready", () => world.condition("Ready") === "True/NonZeroServeEndpoints");
    expect(world.condition("Suspended")).toBe("False/RayServiceResumed");
    expect(world.active).not.toBe(old);
  });

  it("comes to its end though it is taken back", async () => {
    await ready();
    world.apply({ spec: suspended });
    await world.run(2_500);
    world.apply({});
    await world.until("resumed", () => world.condition("Suspended") === "False/RayServiceResumed");
    await world.until("ready", () => world.condition("Ready") === "True/NonZeroServeEndpoints");
    expect(clusterNames()).toEqual([world.active]);
  });

  it("from the beginning makes no cluster", async () => {
    world = new ServiceWorld();
    world.apply({ spec: suspended });
    await world.run(10_000);
    expect([world.condition("Suspended"), clusterNames()]).toEqual(["True/SuspendComplete", []]);
    expect(world.kube.writes.filter(({ kind }) => kind === "RayCluster")).toEqual([]);
  });
});

describe("validation", () => {
  it("says what is wrong and leaves everything as it is", async () => {
    const active = await ready();
    world.apply({ cluster: { workerReplicas: 3 } });
    await world.run(3_000);
    expect(world.condition("Ready")).toBe("False/ValidationFailed");
    expect(reasons()).toContain("InvalidRayServiceSpec");
    expect(clusterNames()).toEqual([active]);
    world.apply({});
    await world.until("ready", () => world.condition("Ready") === "True/NonZeroServeEndpoints");
  });

  it("leaves what another controller looks after alone", async () => {
    world = new ServiceWorld();
    world.apply({ spec: { managedBy: "kueue.x-k8s.io/multikueue" }, metadata: { finalizers: [] } });
    await world.run(5_000);
    expect(world.kube.writes).toEqual([]);
  });
});
