import { describe, expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import builtinTypes from "../openapi/builtin/types.json" with { type: "json" };
import { BuiltinStructures } from "./builtin-structures.ts";
import { cloneJson } from "./json.ts";
import { MalformedPatchError } from "./json-patch.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

const structures = new BuiltinStructures(builtinTypes);
const podSpec = (current: JsonObject, patch: JsonObject): JsonObject => {
  const before = cloneJson(current);
  const patched = applyStrategicMergePatch(current, patch, structures.of("PodSpec"));
  expect(current).toEqual(before);
  return patched;
};

// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
describe("the documentation's examples", () => {
  const deployment = {
    spec: {
      replicas: 2,
      template: {
        spec: {
          containers: [{ name: "patch-demo-ctr", image: "nginx" }],
          tolerations: [{ effect: "NoSchedule", key: "dedicated", value: "test-team" }],
        },
      },
    },
  };
  const patch = (change: JsonObject) => applyStrategicMergePatch(deployment, change, structures.of("apps.Deployment"));

  test("a container is added in front", () => {
    const patched = patch({
      spec: { template: { spec: { containers: [{ name: "patch-demo-ctr-2", image: "redis" }] } } },
    });
    expect(patched).toHaveProperty("spec.template.spec.containers", [
      { name: "patch-demo-ctr-2", image: "redis" },
      { name: "patch-demo-ctr", image: "nginx" },
    ]);
  });

  test("tolerations are replaced", () => {
    const tolerations = [{ effect: "NoSchedule", key: "disktype", value: "ssd" }];
    expect(patch({ spec: { template: { spec: { tolerations } } } })).toHaveProperty(
      "spec.template.spec.tolerations",
      tolerations,
    );
  });

  test("retainKeys drops what does not go with another strategy", () => {
    const current = { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "30%" } } } };
    const change = { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } };
    expect(applyStrategicMergePatch(current, change, structures.of("apps.Deployment"))).toEqual({
      spec: { strategy: { type: "Recreate" } },
    });
  });
});

const merge = (type: string, current: JsonObject, patch: JsonObject) =>
  applyStrategicMergePatch(current, patch, structures.of(type));

describe("lists with a merge key", () => {
  test("merge containers by name, and what is in them", () => {
    const current = {
      containers: [
        {
          name: "a",
          image: "one",
          env: [
            { name: "X", value: "1" },
            { name: "Y", value: "2" },
          ],
          args: ["1", "2"],
        },
        { name: "b", image: "two" },
      ],
    };
    const patch = {
      containers: [
        {
          name: "a",
          env: [
            { name: "Y", value: "3" },
            { name: "X", $patch: "delete" },
          ],
          args: ["3"],
        },
      ],
    };
    expect(podSpec(current, patch)).toEqual({
      containers: [
        { name: "a", image: "one", env: [{ name: "Y", value: "3" }], args: ["3"] },
        { name: "b", image: "two" },
      ],
    });
  });

  test.each([
    ["volumes", "name"],
    ["hostAliases", "ip"],
    ["imagePullSecrets", "name"],
    ["topologySpreadConstraints", "topologyKey"],
  ])("merge %s by %s", (field, key) => {
    const patched = podSpec({ [field]: [{ [key]: "a", x: 1 }, { [key]: "b" }] }, { [field]: [{ [key]: "a", y: 2 }] });
    expect(patched).toEqual({ [field]: [{ [key]: "a", x: 1, y: 2 }, { [key]: "b" }] });
  });

  test("merge conditions by type, owners by uid, ports of a Service by port", () => {
    expect(
      merge(
        "PodStatus",
        { conditions: [{ type: "Ready", status: "False", reason: "x" }] },
        { conditions: [{ type: "Ready", status: "True" }] },
      ),
    ).toEqual({ conditions: [{ type: "Ready", status: "True", reason: "x" }] });
    expect(
      merge(
        "ObjectMeta",
        { ownerReferences: [{ uid: "1" }, { uid: "2" }] },
        { ownerReferences: [{ $patch: "delete", uid: "1" }] },
      ),
    ).toEqual({
      ownerReferences: [{ uid: "2" }],
    });
    expect(
      merge("ServiceSpec", { ports: [{ port: 80, name: "a" }] }, { ports: [{ port: 80, targetPort: 8000 }] }),
    ).toEqual({
      ports: [{ port: 80, name: "a", targetPort: 8000 }],
    });
  });
});

describe("items of a list with a merge key", () => {
  test("are replaced by an item that says so", () => {
    const patch = { containers: [{ name: "z", image: "three" }, { $patch: "replace" }] };
    expect(podSpec({ containers: [{ name: "a" }] }, patch)).toEqual({ containers: [{ name: "z", image: "three" }] });
  });

  test("refuse an item without its key", () => {
    expect(() => podSpec({ containers: [] }, { containers: [{ image: "x" }] })).toThrow(MalformedPatchError);
  });

  test("take the order that the patch gives", () => {
    const current = { containers: [{ name: "a" }, { name: "server" }, { name: "b" }] };
    const patch = {
      "$setElementOrder/containers": [{ name: "b" }, { name: "new" }, { name: "a" }],
      containers: [{ name: "new" }],
    };
    expect(podSpec(current, patch)).toEqual({
      containers: [{ name: "server" }, { name: "b" }, { name: "new" }, { name: "a" }],
    });
  });
});

describe("directives", () => {
  test("replace an object", () => {
    expect(
      podSpec({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: "replace", fsGroup: 2 } }),
    ).toEqual({ securityContext: { fsGroup: 2 } });
  });

  test("delete an object's members", () => {
    expect(podSpec({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: "delete" } })).toEqual({
      securityContext: {},
    });
  });

  test("never stay in what is new", () => {
    const patch = {
      volumes: [{ $retainKeys: ["name", "emptyDir"], name: "v", emptyDir: {} }],
      "$setElementOrder/volumes": [{ name: "v" }],
    };
    expect(podSpec({}, patch)).toEqual({ volumes: [{ name: "v", emptyDir: {} }] });
  });

  test("retain keys of a volume that becomes another kind of volume", () => {
    const patch = { volumes: [{ $retainKeys: ["name", "configMap"], name: "v", configMap: { name: "c" } }] };
    expect(podSpec({ volumes: [{ name: "v", emptyDir: {} }] }, patch)).toEqual({
      volumes: [{ name: "v", configMap: { name: "c" } }],
    });
  });

  test("take finalizers out of their set, and add some", () => {
    const current = { finalizers: ["a", "b", "c"] };
    const patch = {
      "$deleteFromPrimitiveList/finalizers": ["b"],
      finalizers: ["d"],
      "$setElementOrder/finalizers": ["a", "d", "c"],
    };
    expect(applyStrategicMergePatch(current, patch, structures.of("ObjectMeta"))).toEqual({
      finalizers: ["a", "d", "c"],
    });
  });

  test("null removes a member", () => {
    expect(
      podSpec({ nodeName: "x", nodeSelector: { a: "1", b: "2" } }, { nodeName: null, nodeSelector: { a: null } }),
    ).toEqual({ nodeSelector: { b: "2" } });
  });

  test("that are unknown are refused", () => {
    expect(() => podSpec({}, { securityContext: { $patch: "spin" } })).toThrow(/\$patch is/u);
  });
});
