import { describe, expect, test } from "vitest";
import { type Connect, type Status, unscheduledPod, useCluster } from "./suite.ts";

/** Scale, eviction and events in their two groups. */
export const describeSubresources = (connect: Connect): void => {
  describe("subresources", () => {
    const cluster = useCluster(connect);

    test("a scale reads and writes the replicas of a workload", async () => {
      const template = {
        metadata: { labels: { app: "scaled" } },
        spec: { schedulerName: "nobody", containers: [{ name: "main", image: "example.com/none:1" }] },
      };
      const body = {
        metadata: { name: "scaled" },
        spec: { replicas: 0, selector: { matchLabels: { app: "scaled" } }, template },
      };
      await cluster.client.ok("POST", cluster.path("replicasets", "apps/v1"), { body });
      const path = cluster.path("replicasets/scaled/scale", "apps/v1");
      expect(await cluster.client.ok("GET", path)).toMatchObject({
        kind: "Scale",
        apiVersion: "autoscaling/v1",
        spec: {},
        status: { selector: "app=scaled" },
      });
      const merge = { contentType: "application/merge-patch+json" };
      expect(await cluster.client.ok("PATCH", path, { ...merge, body: { spec: { replicas: 1 } } })).toMatchObject({
        spec: { replicas: 1 },
      });
      const set = await cluster.client.ok("GET", cluster.path("replicasets/scaled", "apps/v1"));
      expect(set["spec"]).toMatchObject({ replicas: 1 });
      expect(set.metadata.generation).toBe(2);
    });

    test("an eviction deletes a pod that no budget protects", async () => {
      await cluster.client.ok("POST", cluster.path("pods"), { body: unscheduledPod("evicted") });
      const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "evicted" } };
      await cluster.client.ok("POST", cluster.path("pods/evicted/eviction"), { body });
      expect((await cluster.client.request("GET", cluster.path("pods/evicted"))).status).toBe(404);
    });

    test("an event is one object in both of its groups", async () => {
      const event = {
        metadata: { name: "both" },
        eventTime: "2026-01-01T00:00:00.000000Z",
        regarding: { kind: "Pod", name: "some", namespace: cluster.namespace },
        reason: "Tested",
        action: "Testing",
        note: "hello",
        type: "Normal",
        reportingController: "example.com/conformance",
        reportingInstance: "conformance",
      };
      await cluster.client.ok("POST", cluster.path("events", "events.k8s.io/v1"), { body: event });
      const core = await cluster.client.ok("GET", cluster.path("events/both"));
      expect(core).toMatchObject({
        apiVersion: "v1",
        message: "hello",
        reason: "Tested",
        involvedObject: { name: "some" },
      });
      const selected = await cluster.client.ok<{ items: unknown[] }>(
        "GET",
        cluster.path("events?fieldSelector=involvedObject.name%3Dsome"),
      );
      expect(selected.items).toHaveLength(1);
    });

    test("a subresource that does not exist is 404, a method that it does not take 405", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: { metadata: { name: "plain" } } });
      expect((await cluster.client.request<Status>("GET", cluster.path("configmaps/plain/scale"))).status).toBe(404);
      expect(
        (await cluster.client.request<Status>("POST", cluster.path("configmaps/plain"), { body: {} })).status,
      ).toBe(405);
    });
  });
};
