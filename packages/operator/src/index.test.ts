import { waitFor } from "mantaray/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOperator } from "./index.ts";
import { rayClusters } from "./kube/ray-resources.ts";
import { type Resource, resources } from "./kube/resources.ts";
import { smallCluster, TestCluster } from "./runtime/fixtures/test-cluster.ts";
import type { Operator } from "./runtime/operator.ts";

let cluster: TestCluster;
let operator: Operator | undefined;
const clusters: Resource = rayClusters;

beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(async () => {
  await operator?.close(0);
  await cluster.close();
});

const podNames = async (): Promise<string[]> =>
  (await cluster.api.list(resources.pods, { namespace: "default" })).items.map(({ metadata }) => metadata.name);

/** Nothing is due, and some passes went by without a write. */
const quietly = async (): Promise<"quiet" | undefined> => {
  const before = writes();
  const controller = operator?.controllers[0];
  if (operator?.isWorking !== true || controller === undefined || (await passesOf()) === 0) return undefined;
  controller.queue.add("default/one");
  const passes = await passesOf();
  await waitFor(async () => (await passesOf()) > passes || undefined, { timeoutMs: 5_000, what: "a pass" });
  const isIdle = controller.queue.depth + controller.queue.workingCount === 0;
  return isIdle && writes() === before && (await podNames()).length > 0 ? "quiet" : undefined;
};

/** Writes of the operator since the server started, by what they are. */
const writes = (): number => {
  const verbs = new Set(["create", "update", "patch", "delete"]);
  return cluster.server
    .requestCounts()
    .filter(({ userAgent, verb }) => userAgent === "manta-operator" && verbs.has(verb))
    .reduce((sum, { count }) => sum + count, 0);
};

describe("the operator as a library", () => {
  it("makes a cluster's head once, though it dies between any two of its writes", { timeout: 120_000 }, async () => {
    await cluster.api.create(clusters, smallCluster("one"));
    for (let deadly = 0; ; deadly++) {
      let moments = 0;
      operator = await startOperator({
        kubeconfig: cluster.kubeconfig,
        // A dead one does nothing any more, however often it is woken.
        onAction: () => {
          if (moments++ >= deadly) throw new Error("death");
        },
      });
      const fate = await waitFor(() => (moments > deadly ? "died" : quietly()), {
        timeoutMs: 20_000,
        what: "a death or peace",
      });
      await operator.close(0);
      if (fate === "quiet") break;
      expect(deadly).toBeLessThan(100);
    }
    expect(await podNames()).toEqual([expect.stringMatching(/^one-head-[a-z0-9]{5}$/)]);
  });

  it("writes nothing for a cluster that does not change", async () => {
    await cluster.api.create(clusters, smallCluster("one"));
    operator = await startOperator({ kubeconfig: cluster.kubeconfig, settings: { resyncMs: 50 } });
    await waitFor(async () => (await podNames()).length === 1 || undefined, {
      timeoutMs: 10_000,
      what: "the head pod",
    });
    const peace = await waitFor(
      async () => {
        const before = writes();
        const passes = await passesOf();
        await waitFor(async () => (await passesOf()) > passes + 5 || undefined, { timeoutMs: 5_000, what: "passes" });
        return writes() === before;
      },
      { timeoutMs: 10_000, what: "passes without writes" },
    );
    expect(peace).toBe(true);
  });
});

const passesOf = async (): Promise<number> => {
  const metric = await operator?.metrics.registry.getSingleMetric("controller_runtime_reconcile_total")?.get();
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
};
