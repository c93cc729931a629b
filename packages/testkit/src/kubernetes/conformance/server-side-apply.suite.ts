import { describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import type { KubeAnswer } from "../http/kube-client.ts";
import { type Connect, type Status, type SuiteCluster, useCluster } from "./suite.ts";

type Applied = KubeObject | Status;

const apply = (
  cluster: SuiteCluster,
  name: string,
  manager: string,
  data: object,
  force = false,
): Promise<KubeAnswer<Applied>> =>
  cluster.client.request<Applied>(
    "PATCH",
    `${cluster.path(`configmaps/${name}`)}?fieldManager=${manager}&force=${force}`,
    {
      contentType: "application/apply-patch+yaml",
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data },
    },
  );

/** Server-side apply. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
export const describeServerSideApply = (connect: Connect): void => {
  describe("server-side apply", () => {
    const cluster = useCluster(connect);

    test("creates what is not there, and says who owns it", async () => {
      const { status, body } = await apply(cluster, "created", "me", { a: "1" });
      expect(status).toBe(201);
      expect(body).toMatchObject({
        data: { a: "1" },
        metadata: {
          managedFields: [
            { manager: "me", operation: "Apply", fieldsType: "FieldsV1", fieldsV1: { "f:data": { "f:a": {} } } },
          ],
        },
      });
    });

    test("again changes nothing", async () => {
      const first = (await apply(cluster, "same", "me", { a: "1" })).body as KubeObject;
      const second = (await apply(cluster, "same", "me", { a: "1" })).body as KubeObject;
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    });

    test("removes what the manager no longer applies, but not what another one does", async () => {
      await apply(cluster, "shared", "a", { x: "1", y: "1" });
      await apply(cluster, "shared", "b", { y: "1", z: "1" });
      expect((await apply(cluster, "shared", "a", {})).body).toMatchObject({ data: { y: "1", z: "1" } });
      expect((await apply(cluster, "shared", "b", { z: "1" })).body).not.toHaveProperty("data.y");
    });

    test("conflicts with who owns what it changes, unless it forces", async () => {
      await apply(cluster, "conflict", "a", { x: "1" });
      const refused = await apply(cluster, "conflict", "b", { x: "2" });
      expect(refused).toMatchObject({
        status: 409,
        body: { reason: "Conflict", details: { causes: [{ reason: "FieldManagerConflict", field: ".data.x" }] } },
      });
      expect((refused.body as Status).message).toContain('Apply failed with 1 conflict: conflict with "a": .data.x');
      expect((await apply(cluster, "conflict", "b", { x: "2" }, true)).body).toMatchObject({ data: { x: "2" } });
      expect((await apply(cluster, "conflict", "a", { x: "1" })).status).toBe(409);
    });

    test("meets owners by update too", async () => {
      await apply(cluster, "updated", "a", { x: "1" });
      await cluster.client.ok("PATCH", `${cluster.path("configmaps/updated")}?fieldManager=editor`, {
        contentType: "application/merge-patch+json",
        body: { data: { x: "2" } },
      });
      const refused = await apply(cluster, "updated", "a", { x: "1" });
      expect((refused.body as Status).message).toContain('conflict with "editor" using v1: .data.x');
    });

    test("needs a manager", async () => {
      expect((await apply(cluster, "nobody", "", {})).status).toBe(422);
    });

    test("[{}] as managedFields clears them", async () => {
      await apply(cluster, "cleared", "a", { x: "1" });
      const body = [{ op: "replace", path: "/metadata/managedFields", value: [{}] }];
      await cluster.client.ok("PATCH", cluster.path("configmaps/cleared"), {
        contentType: "application/json-patch+json",
        body,
      });
      expect(
        (await cluster.client.ok("GET", cluster.path("configmaps/cleared"))).metadata.managedFields,
      ).toBeUndefined();
    });
  });
};
