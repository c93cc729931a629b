import { LocalKubernetes, resources } from "@manta/testkit/kubernetes";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ServeKit } from "./kit/serve-kit.ts";

/** These tests on a cluster that somebody else runs: here, one that they only know by its kubeconfig. */
const timeoutMs = 180_000;
vi.setConfig({ testTimeout: timeoutMs, hookTimeout: timeoutMs });

let cluster: LocalKubernetes;

beforeAll(async () => {
  cluster = await LocalKubernetes.start({ port: 0 });
});
afterAll(() => cluster.close());

describe("a cluster that is known by its kubeconfig", () => {
  it("runs a RayService in a namespace of the tests' own, which goes with them", async () => {
    const kit = await ServeKit.start({ kubeconfig: cluster.kubeconfigFile });
    try {
      await kit.applyReady({ name: "abroad" });
      expect(await kit.answers("abroad")).toEqual(["6", "15 pizzas please!"]);
      const pods = await cluster.access.list(resources.pods);
      expect(new Set(pods.map(({ metadata }) => metadata.namespace))).toEqual(new Set([kit.namespace]));
    } finally {
      await kit.close();
    }
    expect(await cluster.access.get(resources.namespaces, { name: kit.namespace })).toBeUndefined();
    expect(await cluster.access.list(resources.pods)).toEqual([]);
  });

  it("is refused where it has fewer nodes than the tests need", async () => {
    const started = ServeKit.start({ kubeconfig: cluster.kubeconfigFile, nodes: 2 });
    await expect(started).rejects.toThrow("these tests need 2 nodes, the cluster has 1");
  });
});
