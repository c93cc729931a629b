import { describe, expect, it } from "vitest";
import { ApiError, type StatusCause } from "../../../../testkit/src/kubernetes/api/api-error.ts";
import type { KubeObject } from "../../../../testkit/src/kubernetes/api/objects.ts";
import { systemClock } from "../../../../testkit/src/kubernetes/apiserver/clock.ts";
import { createPlugins } from "../../../../testkit/src/kubernetes/apiserver/create-plugins.ts";
import type { ResourceDefinition } from "../../../../testkit/src/kubernetes/apiserver/plugins.ts";
import { brokenSpecs } from "../fixtures/broken-specs.ts";
import { clusterManifests, serviceManifests } from "../fixtures/manifests.ts";
import { customResourceDefinitions } from "./custom-resource-definitions.ts";

const server = createPlugins(systemClock).customResources;
const create = { operation: "CREATE", old: undefined, subresource: undefined } as const;

/** The resource in v1, as an API server with CEL serves it. */
const served = (kind: string): ResourceDefinition => {
  const crd = customResourceDefinitions().find((each) => each.spec.names["kind"] === kind);
  const prepared = server.prepareDefinition(structuredClone(crd) as unknown as KubeObject, create);
  expect(prepared.unknownFields).toEqual([]);
  const [definition] = server.definitionsOf(prepared.object);
  if (definition === undefined) throw new Error(`no ${kind} is served`);
  return definition;
};

const clusters = served("RayCluster");
const services = served("RayService");

/** What the API server says against an object; its texts without "Invalid value: …: ". */
const refusal = (
  definition: ResourceDefinition,
  object: object,
  old?: object,
): Pick<StatusCause, "field" | "message">[] => {
  const context =
    old === undefined ? create : ({ operation: "UPDATE", old: old as KubeObject, subresource: undefined } as const);
  try {
    definition.prepare(structuredClone(object) as KubeObject, context);
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return (error.details?.causes ?? []).map(({ field, message }) => ({ field, message }));
  }
};

const template = { spec: { containers: [{ name: "ray-head" }] } };
const cluster = (spec: Record<string, unknown>, name = "c"): KubeObject => ({
  apiVersion: "ray.io/v1",
  kind: "RayCluster",
  metadata: { name, namespace: "default" },
  spec: { ...spec, headGroupSpec: { template, ...(spec["headGroupSpec"] as object | undefined) } },
});
const service = (spec: Record<string, unknown>, clusterSpec: Record<string, unknown>, name = "s"): KubeObject => ({
  apiVersion: "ray.io/v1",
  kind: "RayService",
  metadata: { name, namespace: "default" },
  spec: { ...spec, rayClusterConfig: cluster(clusterSpec)["spec"] },
});

describe("an API server with our CRDs", () => {
  it.each(clusterManifests().map((manifest) => [manifest.metadata.name, manifest]))(
    "takes the cluster %s",
    (_name, object) => {
      expect(refusal(clusters, object)).toEqual([]);
      expect(clusters.prepare(structuredClone(object), create).unknownFields).toEqual([]);
    },
  );

  it.each(serviceManifests().map((manifest) => [manifest.metadata.name, manifest]))(
    "takes the service %s",
    (_name, object) => {
      expect(refusal(services, object)).toEqual([]);
      expect(services.prepare(structuredClone(object), create).unknownFields).toEqual([]);
    },
  );

  it.each(brokenSpecs)("refuses, as the operator does: $what", ({ change, field, says }) => {
    const causes = refusal(clusters, cluster(change));
    expect(causes.map((cause) => cause.field)).toEqual([field]);
    expect(causes[0]?.message).toContain(says);
  });

  it.each(brokenSpecs.filter((broken) => broken.change["workerReplicas"] === undefined))(
    "refuses it in a RayService: $what",
    ({ change, field }) => {
      const causes = refusal(services, service({}, change));
      expect(causes.map((cause) => cause.field)).toEqual([field.replace("spec.", "spec.rayClusterConfig.")]);
    },
  );

  it.each([
    ["a RayCluster's name of 54 characters", clusters, cluster({}, "a".repeat(54)), "at most 53"],
    ["a RayService's name of 48 characters", services, service({}, {}, "a".repeat(48)), "at most 47"],
    ["a name that is no DNS label", clusters, cluster({}, "1a"), "begin with a letter"],
    ["no container", clusters, cluster({ headGroupSpec: { template: { spec: { containers: [] } } } }), "at least 1"],
    ["negative replicas", clusters, cluster({ workerGroupSpecs: [{ groupName: "a", template, replicas: -1 }] }), "0"],
    ["an unknown upgrade type", services, service({ upgradeStrategy: { type: "Now" } }, {}), "InPlace"],
    ["an unknown manager", clusters, cluster({ managedBy: "me" }), "ray.io/kuberay-operator"],
    [
      "a step above the surge",
      services,
      service(
        {
          upgradeStrategy: {
            type: "NewClusterWithIncrementalUpgrade",
            clusterUpgradeOptions: {
              gatewayClassName: "g",
              intervalSeconds: 1,
              stepSizePercent: 3,
              maxSurgePercent: 2,
            },
          },
        },
        { enableInTreeAutoscaling: true },
      ),
      "must not be above maxSurgePercent",
    ],
  ])("refuses %s", (_what, definition, object, says) => {
    expect(
      refusal(definition, object)
        .map((cause) => cause.message)
        .join("\n"),
    ).toContain(says);
  });
});

describe("an API server with our CRDs, on an update", () => {
  it.each([
    ["managedBy", cluster({}), cluster({ managedBy: "kueue.x-k8s.io/multikueue" }), "managedBy is immutable"],
    [
      "the store's backend",
      cluster({ gcsFaultToleranceOptions: { redisAddress: "r" } }),
      cluster({ gcsFaultToleranceOptions: { backend: "rocksdb" } }),
      "backend is immutable",
    ],
  ])("refuses a change of %s", (_what, old, changed, says) => {
    expect(
      refusal(clusters, changed, old)
        .map((cause) => cause.message)
        .join("\n"),
    ).toContain(says);
    expect(refusal(clusters, old, old)).toEqual([]);
  });

  it("takes managedBy written out where it was left out", () => {
    expect(refusal(clusters, cluster({ managedBy: "ray.io/kuberay-operator" }), cluster({}))).toEqual([]);
  });

  it("fills in defaults and keeps what a pod has beside", () => {
    const pod = { spec: { containers: [{ name: "ray", tty: true }], hostNetwork: true } };
    const { object } = clusters.prepare(cluster({ workerGroupSpecs: [{ groupName: "a", template: pod }] }), create);
    expect(object["spec"]).toMatchObject({
      workerGroupSpecs: [{ template: pod, replicas: 0, minReplicas: 0, maxReplicas: 2_147_483_647, numOfHosts: 1 }],
    });
  });
});
