import { describe, expect, test } from "vitest";
import { type Connect, configMap, unscheduledPod, useCluster } from "./suite.ts";

const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };

interface Table {
  readonly kind: string;
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: { readonly kind: string } }[];
}

/** Tables for `kubectl get`. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export const describeTables = (connect: Connect): void => {
  describe("tables", () => {
    const cluster = useCluster(connect);

    test("pods show readiness, status and restarts", async () => {
      await cluster.client.ok("POST", cluster.path("pods"), { body: unscheduledPod("shown") });
      const table = await cluster.client.ok<Table>("GET", cluster.path("pods"), { headers });
      expect(table.kind).toBe("Table");
      expect(table.columnDefinitions.map(({ name }) => name)).toEqual([
        "Name",
        "Ready",
        "Status",
        "Restarts",
        "Age",
        "IP",
        "Node",
        "Nominated Node",
        "Readiness Gates",
      ]);
      const [row] = table.rows;
      expect(row?.cells.slice(0, 4)).toEqual(["shown", "0/1", "Pending", expect.anything()]);
      expect(row?.object.kind).toBe("PartialObjectMetadata");
    });

    test("ConfigMaps show how much they hold", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("held", { a: "1", b: "2" }) });
      const table = await cluster.client.ok<Table>("GET", cluster.path("configmaps/held"), { headers });
      expect(table.rows.map(({ cells }) => cells.slice(0, 2))).toEqual([["held", 2]]);
    });
  });
};
