import { describe, expect, it } from "vitest";
import type { WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import { rayCluster, workerGroup } from "../cluster/fixtures/ray-cluster.ts";
import { node } from "./fixtures/scale-sketch.ts";
import { groupCapacity } from "./group-capacity.ts";

const capacity = (fields: object, container: object = {}, nodes: Parameters<typeof groupCapacity>[3] = []) => {
  const cluster = rayCluster({ groups: [workerGroup("small", fields, container)] });
  const [group] = cluster.spec.workerGroupSpecs ?? [];
  return groupCapacity(cluster, group as WorkerGroupSpec, "cluster.local", nodes);
};

describe("what a pod of a group will have", () => {
  const limits = { cpu: "1500m", memory: "2Gi", "nvidia.com/gpu": "1" };
  it.each<[string, ReturnType<typeof capacity>, object]>([
    ["its container's limits", capacity({}, { resources: { limits } }), { CPU: 2, memory: 2 ** 31, GPU: 1 }],
    [
      "rayStartParams before them",
      capacity({ rayStartParams: { "num-cpus": "0" } }, { resources: { limits } }),
      { CPU: 0 },
    ],
    [
      "resources of its own, quoted as manifests do",
      capacity({ rayStartParams: { "num-cpus": "4", resources: `"{\\"Custom\\": 3}"` } }),
      { CPU: 4, Custom: 3 },
    ],
    ["the group's resources", capacity({ resources: { CPU: "3", Disk: "2" } }), { CPU: 3, Disk: 2 }],
    ["a CPU where nothing is said", capacity({}), { CPU: 1 }],
    [
      "what a node of the group has where nothing is said",
      capacity({}, {}, [node({ resources: { CPU: 16 } })]),
      { CPU: 16 },
    ],
    [
      "what is said, whatever nodes of an older template have",
      capacity({ rayStartParams: { "num-cpus": "4" } }, {}, [node({ resources: { CPU: 16 } })]),
      { CPU: 4 },
    ],
  ])("is %s", (_, found, wanted) => expect(found).toMatchObject(wanted));
});
