import { describe, expect, test } from "vitest";
import { type Connect, useCluster } from "./suite.ts";

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
}

interface AggregatedGroup {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly resources: readonly {
      readonly resource: string;
      readonly scope: string;
      readonly subresources?: readonly { readonly subresource: string }[];
    }[];
  }[];
}

/** What is served. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */
export const describeDiscovery = (connect: Connect): void => {
  describe("discovery", () => {
    const cluster = useCluster(connect);

    test("health and version need no credentials", async () => {
      const anybody = cluster.client.as(undefined);
      expect((await anybody.request<string>("GET", "/readyz")).body).toBe("ok");
      expect((await anybody.request("GET", "/version")).body).toMatchObject({ major: "1" });
      anybody.close();
    });

    test("a version's resources, with their short names and subresources", async () => {
      const { resources } = await cluster.client.ok<{ resources: Resource[] }>("GET", "/api/v1");
      expect(resources.find(({ name }) => name === "pods")).toMatchObject({
        kind: "Pod",
        namespaced: true,
        shortNames: ["po"],
      });
      expect(resources.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          "pods/status",
          "pods/log",
          "pods/exec",
          "pods/eviction",
          "services/proxy",
          "namespaces/finalize",
        ]),
      );
    });

    test("groups name their preferred version", async () => {
      const { groups } = await cluster.client.ok<{
        groups: { name: string; preferredVersion: { groupVersion: string } }[];
      }>("GET", "/apis");
      expect(groups.find(({ name }) => name === "apps")?.preferredVersion.groupVersion).toBe("apps/v1");
    });

    test("everything in one answer for who asks for it", async () => {
      const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
      const { items } = await cluster.client.ok<{ items: AggregatedGroup[] }>("GET", "/apis", { headers: { accept } });
      const apps = items.find(({ metadata }) => metadata.name === "apps");
      const deployments = apps?.versions[0]?.resources.find(({ resource }) => resource === "deployments");
      expect(deployments).toMatchObject({ scope: "Namespaced" });
      expect(deployments?.subresources?.map(({ subresource }) => subresource)).toEqual(
        expect.arrayContaining(["scale", "status"]),
      );
    });

    test("schemas are found by group and version", async () => {
      const index = await cluster.client.ok<{ paths: Record<string, { serverRelativeURL: string }> }>(
        "GET",
        "/openapi/v3",
      );
      const document = await cluster.client.ok<{ components: { schemas: Record<string, unknown> } }>(
        "GET",
        index.paths["apis/apps/v1"]?.serverRelativeURL ?? "",
      );
      expect(Object.keys(document.components.schemas)).toContain("io.k8s.api.apps.v1.Deployment");
    });
  });
};
