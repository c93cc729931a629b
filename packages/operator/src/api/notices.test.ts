import { expect, it } from "vitest";
import { clusterManifests, serviceManifests } from "./fixtures/manifests.ts";
import { clusterNotices, serviceNotices } from "./notices.ts";
import { parseRayCluster } from "./ray-cluster.ts";
import { parseRayService } from "./ray-service.ts";

it("tells of an autoscaler's sidecar that is not there, and not of its empty fields", () => {
  const notices = Object.fromEntries(
    clusterManifests().map((manifest) => [manifest.metadata.name, clusterNotices(parseRayCluster(manifest))]),
  );
  expect(notices["autoscaler"]).toEqual([
    "spec.autoscalerOptions.imagePullPolicy, spec.autoscalerOptions.resources: without effect, the operator scales the cluster itself and there is no sidecar",
  ]);
  expect(notices["autoscaler-v2"]).toEqual([]);
});

it("tells of a RayService's thresholds, which the reference ignores too", () => {
  const notices = Object.fromEntries(
    serviceManifests().map((manifest) => [manifest.metadata.name, serviceNotices(parseRayService(manifest))]),
  );
  expect(notices["high-availability"]).toHaveLength(2);
  expect(notices["sample"]).toEqual([]);
});
