import { expect, it } from "vitest";
import { rayClusterSpecSchema } from "./ray-cluster-spec.ts";
import { wantedReplicas } from "./worker-replicas.ts";

const template = { spec: { containers: [{ name: "ray" }] } };

it.each([
  ["replicas within the bounds", { replicas: 3 }, undefined, 3],
  ["no fewer than minReplicas", { replicas: 1, minReplicas: 2 }, undefined, 2],
  ["no more than maxReplicas", { replicas: 9, maxReplicas: 4 }, undefined, 4],
  ["minReplicas when unset", { minReplicas: 2 }, undefined, 2],
  ["none while suspended", { replicas: 3, minReplicas: 1, suspend: true }, undefined, 0],
  ["what the scale subresource says", { replicas: 3 }, 7, 7],
  ["what the scale subresource says, within the bounds", { replicas: 3, maxReplicas: 5 }, 7, 5],
])("wants %s", (_what, group, workerReplicas, expected) => {
  const spec = rayClusterSpecSchema.parse({
    headGroupSpec: { template },
    workerGroupSpecs: [
      { groupName: "first", template, ...group },
      { groupName: "second", template, replicas: 2 },
    ],
    ...(workerReplicas === undefined ? {} : { workerReplicas }),
  });
  const wanted = (spec.workerGroupSpecs ?? []).map((each) => wantedReplicas(spec, each));
  expect(wanted).toEqual([expected, 2]);
});
