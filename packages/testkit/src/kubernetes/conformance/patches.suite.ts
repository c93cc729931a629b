import { describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { type Connect, configMap, type Status, useCluster } from "./suite.ts";

const json = { contentType: "application/json-patch+json" };
const merge = { contentType: "application/merge-patch+json" };
const strategic = { contentType: "application/strategic-merge-patch+json" };

/** A Deployment that makes no pods. */
const deployment = (name: string): object => ({
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          {
            name: "a",
            image: "example.com/a:1",
            env: [
              { name: "X", value: "1" },
              { name: "Y", value: "2" },
            ],
          },
          { name: "b", image: "example.com/b:1" },
        ],
        volumes: [{ name: "v", emptyDir: {} }],
      },
    },
  },
});

/** The three kinds of plain patches. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
export const describePatches = (connect: Connect): void => {
  describe("patches", () => {
    const cluster = useCluster(connect);

    test("a JSON patch applies its operations, or none of them", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("json", { a: "1", b: "2" }) });
      const path = cluster.path("configmaps/json");
      const body = [
        { op: "test", path: "/data/a", value: "1" },
        { op: "remove", path: "/data/b" },
        { op: "add", path: "/metadata/annotations", value: {} },
        { op: "add", path: "/metadata/annotations/c~1d", value: "3" },
      ];
      expect(await cluster.client.ok("PATCH", path, { ...json, body })).toMatchObject({
        data: { a: "1" },
        metadata: { annotations: { "c/d": "3" } },
      });
      const failing = [
        { op: "add", path: "/data/e", value: "4" },
        { op: "test", path: "/data/a", value: "9" },
      ];
      const refused = await cluster.client.request<Status>("PATCH", path, { ...json, body: failing });
      expect(refused).toMatchObject({ status: 422, body: { reason: "Invalid" } });
      expect((await cluster.client.ok("GET", path))["data"]).toEqual({ a: "1" });
    });

    test("a merge patch removes by null and replaces lists", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), {
        body: {
          ...configMap("merge", { a: "1", b: "2" }),
          metadata: { name: "merge", finalizers: ["example.com/a", "example.com/b"] },
        },
      });
      const path = cluster.path("configmaps/merge");
      const patched = await cluster.client.ok("PATCH", path, {
        ...merge,
        body: { metadata: { finalizers: [] }, data: { a: null, c: "3" } },
      });
      expect(patched["data"]).toEqual({ b: "2", c: "3" });
      expect(patched.metadata.finalizers).toBeUndefined();
    });

    test("a strategic merge patch merges lists by their keys and follows directives", async () => {
      const path = cluster.path("deployments/strategic", "apps/v1");
      await cluster.client.ok("POST", cluster.path("deployments", "apps/v1"), { body: deployment("strategic") });
      const spec = {
        containers: [
          { name: "a", env: [{ name: "X", $patch: "delete" }] },
          { name: "c", image: "example.com/c:1" },
        ],
        "$setElementOrder/containers": [{ name: "c" }, { name: "a" }, { name: "b" }],
        volumes: [{ $retainKeys: ["name", "configMap"], name: "v", configMap: { name: "x" } }],
      };
      const patched = await cluster.client.ok<{
        spec: { template: { spec: { containers: KubeObject[]; volumes: object[] } } };
      }>("PATCH", path, { ...strategic, body: { spec: { template: { spec } } } });
      expect(patched.spec.template.spec.containers).toMatchObject([
        { name: "c" },
        { name: "a", image: "example.com/a:1", env: [{ name: "Y" }] },
        { name: "b" },
      ]);
      expect(patched.spec.template.spec.volumes).toEqual([{ name: "v", configMap: { name: "x", defaultMode: 420 } }]);
    });

    test("a patch that changes nothing leaves the version", async () => {
      const created = await cluster.client.ok("POST", cluster.path("configmaps"), {
        body: configMap("same", { a: "1" }),
      });
      const patched = await cluster.client.ok("PATCH", cluster.path("configmaps/same"), {
        ...merge,
        body: { data: { a: "1" } },
      });
      expect(patched.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    });
  });
  describeFieldValidation(connect);
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation */
const describeFieldValidation = (connect: Connect): void => {
  describe("field validation", () => {
    const cluster = useCluster(connect);

    test("fields that nobody knows and values of the wrong type are refused", async () => {
      const path = `${cluster.path("deployments", "apps/v1")}?fieldValidation=Strict`;
      const unknown = await cluster.client.request<Status>("POST", path, {
        body: { ...deployment("unknown"), extra: 1 },
      });
      expect(unknown).toMatchObject({ status: 400 });
      expect(unknown.body.message).toContain('strict decoding error: unknown field "extra"');
      const wrong = await cluster.client.request<Status>("POST", path, {
        body: { ...deployment("wrong"), spec: { replicas: "many" } },
      });
      expect(wrong).toMatchObject({ status: 400, body: { reason: "BadRequest" } });
    });
  });
};
