import { beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { type Connect, configMap, type Status, unscheduledPod, useCluster } from "./suite.ts";

interface List {
  readonly kind: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly KubeObject[];
}

const namesOf = (list: List): string[] => list.items.map(({ metadata }) => metadata.name);

/** Lists, their selectors and pages. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export const describeLists = (connect: Connect): void => {
  describe("lists", () => {
    const cluster = useCluster(connect);
    const list = (query: string): Promise<List> => cluster.client.ok<List>("GET", cluster.path(`configmaps?${query}`));

    beforeAll(async () => {
      for (const [name, labels] of [
        ["a", { of: "lists", tier: "web" }],
        ["b", { of: "lists", tier: "db" }],
        ["c", { of: "lists" }],
      ] as const) {
        await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap(name, {}, labels) });
      }
    });

    test("a list has the kind of its items and a version to watch from", async () => {
      const all = await list("labelSelector=of%3Dlists");
      expect(all.kind).toBe("ConfigMapList");
      expect(Number(all.metadata.resourceVersion)).toBeGreaterThan(0);
      expect(namesOf(all)).toEqual(["a", "b", "c"]);
    });

    test.each([
      ["tier=web", ["a"]],
      ["tier==web", ["a"]],
      ["tier!=web,of=lists", ["b", "c"]],
      ["tier in (web,db)", ["a", "b"]],
      ["tier notin (web),of=lists", ["b", "c"]],
      ["tier", ["a", "b"]],
      ["!tier,of=lists", ["c"]],
    ])("the label selector %s", async (selector, names) => {
      expect(namesOf(await list(`labelSelector=${encodeURIComponent(selector)}`))).toEqual(names);
    });

    test("field selectors: the name everywhere, others by kind", async () => {
      expect(namesOf(await list("fieldSelector=metadata.name%3Db"))).toEqual(["b"]);
      await cluster.client.ok("POST", cluster.path("pods"), { body: unscheduledPod("pending") });
      const pods = await cluster.client.ok<List>(
        "GET",
        cluster.path("pods?fieldSelector=status.phase%3DPending,spec.nodeName%3D"),
      );
      expect(namesOf(pods)).toEqual(["pending"]);
      const { status, body } = await cluster.client.request<Status>(
        "GET",
        cluster.path("configmaps?fieldSelector=data.a%3Db"),
      );
      expect(status).toBe(400);
      expect(body.message).toContain("field label not supported: data.a");
    });

    test("pages show one moment, whatever is written between them", async () => {
      const first = await list("labelSelector=of%3Dlists&limit=2");
      expect(namesOf(first)).toEqual(["a", "b"]);
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("d", {}, { of: "lists" }) });
      const token = encodeURIComponent(first.metadata.continue ?? "");
      const second = await list(`labelSelector=of%3Dlists&limit=2&continue=${token}`);
      expect(namesOf(second)).toEqual(["c"]);
      expect(second.metadata.continue ?? "").toBe("");
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      await cluster.client.ok("DELETE", cluster.path("configmaps/d"));
    });

    test("metadata only, for who wants no more", async () => {
      const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
      const partial = await cluster.client.ok<List>("GET", cluster.path("configmaps?labelSelector=tier%3Dweb"), {
        headers: { accept },
      });
      expect(partial.kind).toBe("PartialObjectMetadataList");
      expect(partial.items[0]).not.toHaveProperty("data");
      expect(namesOf(partial)).toEqual(["a"]);
    });
  });
};
