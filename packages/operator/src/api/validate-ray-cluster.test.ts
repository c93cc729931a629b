import { describe, expect, it } from "vitest";
import { brokenSpecs } from "./fixtures/broken-specs.ts";
import { clusterManifests } from "./fixtures/manifests.ts";
import { parseRayCluster, type RayCluster } from "./ray-cluster.ts";
import { describeProblem, validateRayCluster } from "./validate-ray-cluster.ts";

interface Parts {
  readonly name?: string;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
  readonly status?: unknown;
}

const template = { spec: { containers: [{ name: "ray-head" }] } };

const cluster = ({ name = "c", annotations = {}, labels = {}, spec = {}, status }: Parts): RayCluster =>
  parseRayCluster({
    apiVersion: "ray.io/v1",
    kind: "RayCluster",
    metadata: { name, namespace: "default", uid: "1", annotations, labels },
    spec: { ...spec, headGroupSpec: { template, ...(spec["headGroupSpec"] as object | undefined) } },
    ...(status === undefined ? {} : { status }),
  });

const redis = { gcsFaultToleranceOptions: { redisAddress: "redis:6379" } };
const redisVariable = { template: { spec: { containers: [{ name: "r", env: [{ name: "RAY_REDIS_ADDRESS" }] }] } } };

describe("a RayCluster", () => {
  it.each(clusterManifests().map((manifest) => [manifest.metadata.name, manifest]))(
    "is right: %s",
    (_name, manifest) => {
      expect(validateRayCluster(parseRayCluster(manifest))).toEqual([]);
    },
  );

  it.each(brokenSpecs)("breaks one rule: $what", ({ change, field, says }) => {
    const problems = validateRayCluster(cluster({ spec: change }));
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.rule).toContain(says);
  });
});

describe("a RayCluster beside its spec", () => {
  it.each<[string, Parts, string, string]>([
    ["V1: a long name", { name: "a".repeat(54) }, "metadata.name", "at most 53 characters"],
    ["V1: a name that begins with a digit", { name: "1a" }, "metadata.name", "begin with a letter"],
    [
      "V5: fault tolerance twice",
      { annotations: { "ray.io/ft-enabled": "false" }, spec: redis },
      "metadata.annotations",
      "leave the annotation out",
    ],
    [
      "V6: an address without fault tolerance",
      { spec: { headGroupSpec: redisVariable } },
      "spec.headGroupSpec.template",
      "set gcsFaultToleranceOptions.redisAddress instead",
    ],
    [
      "V7: the namespace twice",
      { annotations: { "ray.io/external-storage-namespace": "n" }, spec: redis },
      "metadata.annotations",
      "set externalStorageNamespace there",
    ],
    [
      "standby heads without Redis",
      { annotations: { "manta.io/standby-heads": "1" } },
      "metadata.annotations",
      "needs fault tolerance by Redis",
    ],
    [
      "more standby heads than one",
      { annotations: { "manta.io/standby-heads": "2" }, spec: redis },
      "metadata.annotations",
      "must be 0 or 1",
    ],
    ["gang scheduling", { labels: { "ray.io/gang-scheduling-enabled": "true" } }, "metadata.labels", "let Kueue admit"],
    [
      "Recreate below a RayService",
      { labels: { "ray.io/originated-from-crd": "RayService" }, spec: { upgradeStrategy: { type: "Recreate" } } },
      "spec.upgradeStrategy.type",
      "does its upgrades itself",
    ],
    [
      "V15: suspending and suspended",
      {
        status: {
          conditions: ["RayClusterSuspending", "RayClusterSuspended"].map((type) => ({
            type,
            status: "True",
            reason: type,
            message: "",
            lastTransitionTime: "2026-01-01T00:00:00Z",
          })),
        },
      },
      "status.conditions",
      "both",
    ],
  ])("breaks one rule that CEL cannot see: %s", (_what, parts, field, says) => {
    const problems = validateRayCluster(cluster(parts));
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.rule).toContain(says);
  });

  it("may have its Redis address in a variable when an annotation asks for fault tolerance", () => {
    const annotations = { "ray.io/ft-enabled": "true" };
    expect(validateRayCluster(cluster({ annotations, spec: { headGroupSpec: redisVariable } }))).toEqual([]);
  });

  it("is described by field, rule and value", () => {
    const [problem] = validateRayCluster(cluster({ spec: { workerReplicas: 2 } }));
    expect(problem === undefined ? "" : describeProblem(problem)).toBe(
      "spec.workerReplicas: workerReplicas needs a worker group: it sets the replicas of the first one (is 2)",
    );
  });
});
