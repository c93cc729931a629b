import { describe, expect, it } from "vitest";
import { brokenSpecs } from "./fixtures/broken-specs.ts";
import { serviceManifests } from "./fixtures/manifests.ts";
import { parseRayService, type RayService } from "./ray-service.ts";
import { validateRayService } from "./validate-ray-service.ts";

const template = { spec: { containers: [{ name: "ray-head" }] } };

const service = (
  spec: Record<string, unknown>,
  clusterSpec: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): RayService =>
  parseRayService({
    apiVersion: "ray.io/v1",
    kind: "RayService",
    metadata: { name: "s", namespace: "default", uid: "1", ...metadata },
    spec: {
      ...spec,
      rayClusterConfig: {
        ...clusterSpec,
        headGroupSpec: { template, ...(clusterSpec["headGroupSpec"] as object | undefined) },
      },
    },
  });

const incremental = (options: Record<string, unknown>): Record<string, unknown> => ({
  upgradeStrategy: {
    type: "NewClusterWithIncrementalUpgrade",
    clusterUpgradeOptions: { gatewayClassName: "g", intervalSeconds: 1, ...options },
  },
});

describe("a RayService", () => {
  it.each(serviceManifests().map((manifest) => [manifest.metadata.name, manifest]))(
    "is right: %s",
    (_name, manifest) => {
      expect(validateRayService(parseRayService(manifest))).toEqual([]);
    },
  );

  it.each(brokenSpecs.filter((broken) => broken.change["workerReplicas"] === undefined))(
    "breaks a rule of its cluster: $what",
    ({ change, field, says }) => {
      const problems = validateRayService(service({}, change));
      expect(problems.map((problem) => problem.field)).toEqual([field.replace("spec.", "spec.rayClusterConfig.")]);
      expect(problems[0]?.rule).toContain(says);
    },
  );

  it.each<[string, RayService, string, string]>([
    ["V1: a long name", service({}, {}, { name: "a".repeat(48) }), "metadata.name", "at most 47 characters"],
    [
      "V5: an annotation that its clusters get",
      service(
        {},
        { gcsFaultToleranceOptions: { redisAddress: "r" } },
        { annotations: { "ray.io/ft-enabled": "true" } },
      ),
      "metadata.annotations",
      "leave the annotation out",
    ],
    [
      "V16: a head Service of a fixed name",
      service({}, { headGroupSpec: { headService: { metadata: { name: "x" } } } }),
      "spec.rayClusterConfig.headGroupSpec.headService",
      "must not be set in a RayService",
    ],
    [
      "V16: an upgrade strategy of the cluster",
      service({}, { upgradeStrategy: { type: "None" } }),
      "spec.rayClusterConfig.upgradeStrategy",
      "set upgradeStrategy of the RayService",
    ],
    [
      "V16: no options for an incremental upgrade",
      service({ upgradeStrategy: { type: "NewClusterWithIncrementalUpgrade" } }, { enableInTreeAutoscaling: true }),
      "spec.upgradeStrategy",
      "clusterUpgradeOptions must be set",
    ],
    [
      "V16: an incremental upgrade without autoscaling",
      service(incremental({ stepSizePercent: 1 })),
      "spec.upgradeStrategy",
      "enableInTreeAutoscaling must be true",
    ],
    [
      "V16: a step above the surge",
      service(incremental({ stepSizePercent: 20, maxSurgePercent: 10 }), { enableInTreeAutoscaling: true }),
      "spec.upgradeStrategy.clusterUpgradeOptions.stepSizePercent",
      "must not be above maxSurgePercent",
    ],
    [
      "V16: a timeout that is none",
      service({}, {}, { annotations: { "ray.io/initializing-timeout": "soon" } }),
      "metadata.annotations",
      "10m or 1h30m",
    ],
    [
      "replicas to scale",
      service({}, { workerReplicas: 1, workerGroupSpecs: [{ groupName: "a", template }] }),
      "spec.rayClusterConfig.workerReplicas",
      "set replicas of its worker groups",
    ],
  ])("breaks one rule: %s", (_what, object, field, says) => {
    const problems = validateRayService(object);
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.rule).toContain(says);
  });
});
