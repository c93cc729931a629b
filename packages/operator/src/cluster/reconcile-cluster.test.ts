import { FakeClock } from "mantaray/testing";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { finalizers } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { EventText } from "../kube/event-text.ts";
import { Expectations } from "../kube/expectations.ts";
import { KubeError } from "../kube/kube-error.ts";
import { defaultClusterOptions } from "./cluster-options.ts";
import { MemoryKube } from "./fixtures/memory-kube.ts";
import { rayCluster, withRedis, workerGroup } from "./fixtures/ray-cluster.ts";
import { ClusterReconciler } from "./reconcile-cluster.ts";

class Bench {
  readonly clock = new FakeClock();
  readonly events: EventText[] = [];
  readonly kube = new MemoryKube({ clock: this.clock, fault: () => undefined });
  readonly reconciler: ClusterReconciler = new ClusterReconciler(
    {
      api: this.kube,
      caches: this.kube.caches,
      expectations: new Expectations({ clock: this.clock, lookup: (resource, ref) => this.kube.lookup(resource, ref) }),
      recorder: { record: (_, text) => void this.events.push(text) },
      clock: this.clock,
      log: pino({ level: "silent" }),
      enqueue: () => {},
    },
    defaultClusterOptions,
  );

  put(cluster: object): void {
    this.kube.put("rayclusters", cluster);
    this.kube.deliver();
  }

  pass(): ReturnType<ClusterReconciler["reconcile"]> {
    return this.reconciler.reconcile("default/sample", new AbortController().signal);
  }

  get reasons(): string[] {
    return this.events.map(({ reason }) => reason);
  }
}

describe("a pass over a RayCluster", () => {
  it("makes everything at once and tells of it", async () => {
    const bench = new Bench();
    bench.put(rayCluster());
    expect(await bench.pass()).toEqual({});
    expect(bench.kube.all("pods")).toHaveLength(3);
    expect(bench.reasons).toEqual([
      "CreatedService",
      "CreatedNetworkPolicy",
      "CreatedNetworkPolicy",
      "CreatedPodDisruptionBudget",
      "CreatedPodDisruptionBudget",
      "CreatedHeadPod",
      "CreatedWorkerPod",
      "CreatedWorkerPod",
    ]);
  });

  it("does not do it again while the caches lag, and comes back", async () => {
    const bench = new Bench();
    bench.put(rayCluster());
    await bench.pass();
    const { writes } = bench.kube;
    // The status conflicts: its cluster is old in the cache.
    const { requeueAfterMs = 0 } = await bench.pass();
    expect(bench.kube.writes).toBe(writes + 1);
    expect(requeueAfterMs).toBeGreaterThan(0);
  });

  it("leaves clusters of another manager alone, and those that are gone", async () => {
    const bench = new Bench();
    expect(await bench.pass()).toEqual({});
    bench.put(rayCluster({ spec: { managedBy: "kueue.x-k8s.io/multikueue" } }));
    expect(await bench.pass()).toEqual({});
    expect(bench.kube.writes).toBe(0);
  });

  it.each([
    ["InvalidRayClusterMetadata", rayCluster({ name: "sample", annotations: { "manta.io/standby-heads": "1" } })],
    ["InvalidRayClusterSpec", rayCluster({ groups: [workerGroup("a"), workerGroup("a")] })],
    ["InvalidRayClusterSpec", { ...rayCluster(), spec: { headGroupSpec: "none" } }],
  ])("%s: it is told, and nothing is done", async (reason, cluster) => {
    const bench = new Bench();
    bench.put(cluster);
    expect(await bench.pass()).toEqual({});
    expect(bench.reasons).toEqual([reason]);
    expect(bench.kube.writes).toBe(0);
  });
});

describe("a pass that fails in part", () => {
  it("an error of a pod is in the condition, the event and the result", async () => {
    const bench = new Bench();
    bench.put(rayCluster({ groups: [] }));
    bench.kube.refuse = ({ kind }) =>
      kind === "Pod" ? new KubeError(403, "Forbidden", "forbidden: exceeded quota: small") : undefined;
    const { error } = await bench.pass();
    expect(error?.message).toContain("exceeded quota");
    expect(bench.reasons).toContain("FailedToCreateHeadPod");
    const [stored] = bench.kube.all<RayCluster>("rayclusters");
    expect(stored?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: "ReplicaFailure", status: "True", reason: "FailedCreateHeadPod" }),
    );
  });

  it("one group that cannot be made does not stop the others", async () => {
    const bench = new Bench();
    bench.put(rayCluster({ groups: [workerGroup("bad"), workerGroup("good")] }));
    bench.kube.refuse = ({ metadata }) =>
      metadata?.labels?.["ray.io/group"] === "bad" ? new KubeError(422, "Invalid", "bad") : undefined;
    await bench.pass();
    expect(bench.kube.all("pods").map(({ metadata }) => metadata.labels?.["ray.io/group"])).toEqual([
      "headgroup",
      "good",
    ]);
  });

  it("a deleted cluster in a namespace that goes is let go without its clean-up job", async () => {
    const bench = new Bench();
    const metadata = {
      finalizers: [finalizers.redisCleanup],
      deletionTimestamp: new Date(bench.clock.wallMs()).toISOString(),
    };
    bench.put(rayCluster({ spec: withRedis, metadata }));
    const causes = [{ reason: "NamespaceTerminating" }];
    bench.kube.refuse = ({ kind }) =>
      kind === "Job" ? new KubeError(403, "Forbidden", "terminating", { causes }) : undefined;
    await bench.pass();
    expect(bench.kube.all("rayclusters")).toEqual([]);
    expect(bench.reasons).toContain("RedisCleanupFailed");
  });
});
