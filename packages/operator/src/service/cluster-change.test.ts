import { describe, expect, it } from "vitest";
import { annotations } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import { buildRayCluster, changedSpec } from "./build/ray-cluster.ts";
import { clusterChange } from "./cluster-change.ts";
import { rayService, type ServiceSketch, workers } from "./fixtures/ray-service.ts";
import { serviceAnnotations } from "./names.ts";

const clusterOf = (sketch: ServiceSketch): RayCluster =>
  buildRayCluster(rayService(sketch), "fruit-abcde", { operatorVersion: "1", rolling: true });
const change = (from: ServiceSketch, to: ServiceSketch): string => {
  const found = clusterChange(clusterOf(from), rayService(to).spec.rayClusterConfig);
  return found.kind === "template" ? (found.blocker ?? "rolls") : found.kind;
};

const redis = { gcsFaultToleranceOptions: { redisAddress: "redis:6379" } };
const toleration = { key: "spot", operator: "Exists" };
const tolerant = {
  template: { spec: { containers: [{ name: "ray-worker", image: "mantaray/manta:1" }], tolerations: [toleration] } },
};

describe("a change of rayClusterConfig", () => {
  it.each<[string, ServiceSketch, ServiceSketch, string]>([
    ["nothing", {}, {}, "same"],
    ["labels of the RayService", {}, { labels: { a: "b" } }, "same"],
    ["the Serve config", {}, { config: "applications: []" }, "same"],
    ["suspension of the cluster", {}, { cluster: { suspend: true } }, "same"],
    ["replicas", {}, { groups: [workers("small", undefined, { replicas: 3 })] }, "size"],
    ["bounds", {}, { groups: [workers("small", undefined, { maxReplicas: 9 })] }, "size"],
    ["tolerations", {}, { groups: [workers("small", undefined, tolerant)] }, "size"],
    ["a group behind", {}, { groups: [workers("small"), workers("large")] }, "appended"],
    ["a group in front", {}, { groups: [workers("large"), workers("small")] }, "rolls"],
    ["the workers' image", {}, { groups: [workers("small", "mantaray/manta:2")] }, "rolls"],
    ["the head's image with a store", { cluster: redis }, { cluster: redis, image: "mantaray/manta:2" }, "rolls"],
    [
      "the head's image",
      {},
      { image: "mantaray/manta:2" },
      "the head changes, and without fault tolerance its state goes with it",
    ],
    [
      "the only pod",
      { cluster: redis, groups: [] },
      { cluster: redis, groups: [], image: "mantaray/manta:2" },
      "the head changes, and no worker serves meanwhile",
    ],
    ["the version", {}, { cluster: { rayVersion: "3.0.0" } }, "rayVersion changes"],
    ["the store", { cluster: redis }, {}, "gcsFaultToleranceOptions change"],
    ["a group that goes", { groups: [workers("small"), workers("large")] }, {}, "the worker group large goes"],
    [
      "hosts",
      {},
      { groups: [workers("small", undefined, { numOfHosts: 2 })] },
      "numOfHosts of the worker group small changes",
    ],
  ])("of %s", (_, from, to, expected) => {
    expect(change(from, to)).toBe(expected);
  });

  it("is seen by the specs where the hash is another operator's", () => {
    const cluster = clusterOf({});
    cluster.metadata.annotations = { [annotations.specHash]: "ABC", [annotations.kuberayVersion]: "v1.6.0" };
    expect(clusterChange(cluster, rayService().spec.rayClusterConfig).kind).toBe("same");
    const other = rayService({ image: "mantaray/manta:2" }).spec.rayClusterConfig;
    expect(clusterChange(cluster, other).kind).toBe("template");
  });

  it("does not fight who scales the cluster itself", () => {
    const cluster = clusterOf({});
    const [group] = cluster.spec.workerGroupSpecs ?? [];
    if (group !== undefined) group.replicas = 5;
    expect(clusterChange(cluster, rayService().spec.rayClusterConfig).kind).toBe("same");
    expect(cluster.metadata.annotations?.[serviceAnnotations.scaleHash]).toBeDefined();
  });
});

describe("a changed spec", () => {
  it("keeps what others decide: suspension, and replicas under the autoscaler", () => {
    const { spec } = clusterOf({ cluster: { enableInTreeAutoscaling: true, suspend: true } });
    const [group] = spec.workerGroupSpecs ?? [];
    if (group !== undefined) group.replicas = 4;
    const wanted = rayService({
      cluster: { enableInTreeAutoscaling: true },
      groups: [workers("small", undefined, { replicas: 1, maxReplicas: 9 }), workers("large")],
    }).spec.rayClusterConfig;
    const changed = changedSpec(spec, wanted, true);
    expect(changed.suspend).toBe(true);
    expect(changed.workerGroupSpecs?.map(({ replicas, maxReplicas }) => [replicas, maxReplicas])).toEqual([
      [4, 9],
      [2, 5],
    ]);
    expect(changed.workerGroupSpecs?.every(({ scaleStrategy }) => scaleStrategy !== undefined)).toBe(true);
  });
});
