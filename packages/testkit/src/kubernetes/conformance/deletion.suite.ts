import { describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { type Connect, configMap, type Status, unscheduledPod, useCluster } from "./suite.ts";

/** Deletion: at once, by finalizers, with preconditions, many at once. https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/ */
export const describeDeletion = (connect: Connect): void => {
  describe("deletion", () => {
    const cluster = useCluster(connect);
    const merge = { contentType: "application/merge-patch+json" };

    test("an object with a finalizer is marked, and goes with its last finalizer", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: withFinalizer("kept") });
      const path = cluster.path("configmaps/kept");
      const marked = await cluster.client.ok("DELETE", path);
      expect(marked.metadata.deletionTimestamp).toBeDefined();
      expect(marked.metadata.deletionGracePeriodSeconds).toBe(0);
      await cluster.client.ok("PATCH", path, { ...merge, body: { metadata: { finalizers: null } } });
      expect((await cluster.client.request("GET", path)).status).toBe(404);
    });

    test("what is being deleted gets no new finalizers", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: withFinalizer("closing") });
      const path = cluster.path("configmaps/closing");
      await cluster.client.ok("DELETE", path);
      const finalizers = ["example.com/keep", "example.com/more"];
      const { status, body } = await cluster.client.request<Status>("PATCH", path, {
        ...merge,
        body: { metadata: { finalizers } },
      });
      expect(status).toBe(422);
      expect(body.message).toContain("no new finalizers can be added if the object is being deleted");
      await cluster.client.ok("PATCH", path, { ...merge, body: { metadata: { finalizers: null } } });
    });

    test("foreground deletion waits with the finalizer of that name", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: withFinalizer("foreground") });
      const path = cluster.path("configmaps/foreground");
      const marked = await cluster.client.ok("DELETE", path, { body: { propagationPolicy: "Foreground" } });
      expect(marked.metadata.finalizers).toContain("foregroundDeletion");
      await cluster.client.ok("PATCH", path, { ...merge, body: { metadata: { finalizers: null } } });
    });

    test("a precondition that does not hold: 409 Conflict", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("other") });
      const { status, body } = await cluster.client.request<Status>("DELETE", cluster.path("configmaps/other"), {
        body: { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } },
      });
      expect(status).toBe(409);
      expect(body.message).toContain("Precondition failed: UID in precondition");
    });

    test("a pod that is on no node goes at once", async () => {
      await cluster.client.ok("POST", cluster.path("pods"), { body: unscheduledPod("nowhere") });
      await cluster.client.ok("DELETE", cluster.path("pods/nowhere"));
      expect((await cluster.client.request("GET", cluster.path("pods/nowhere"))).status).toBe(404);
    });

    test("a collection is deleted by its labels", async () => {
      for (const name of ["x", "y"])
        await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap(name, {}, { of: "many" }) });
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("z", {}, { of: "few" }) });
      await cluster.client.ok("DELETE", cluster.path("configmaps?labelSelector=of%3Dmany"));
      const statuses = await Promise.all(
        ["x", "y", "z"].map(
          async (name) => (await cluster.client.request("GET", cluster.path(`configmaps/${name}`))).status,
        ),
      );
      expect(statuses).toEqual([404, 404, 200]);
    });
  });
};

const withFinalizer = (name: string): KubeObject => {
  const object = configMap(name);
  object.metadata.finalizers = ["example.com/keep"];
  return object;
};
