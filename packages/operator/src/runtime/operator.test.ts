import { waitFor } from "mantaray/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOperator } from "../index.ts";
import type { KubeObject } from "../kube/objects.ts";
import { rayClusters } from "../kube/ray-resources.ts";
import type { Reconciler } from "../kube/reconciler.ts";
import { type Resource, resources } from "../kube/resources.ts";
import { smallCluster, TestCluster } from "./fixtures/test-cluster.ts";
import type { Operator, ReconcilerFactory } from "./operator.ts";
import type { OperatorSettings } from "./settings.ts";

let cluster: TestCluster;
let operators: Operator[];
const clusters: Resource = rayClusters;

beforeEach(async () => {
  cluster = await TestCluster.start();
  operators = [];
});
afterEach(async () => {
  await Promise.all(operators.map((operator) => operator.close(0)));
  await cluster.close();
});

/** Reconcilers that only write down what they were given. */
const recording = (into: string[]): readonly ReconcilerFactory[] =>
  ["RayCluster", "RayService"].map((kind) => () => ({
    kind,
    reconcile: (key) => {
      into.push(`${kind} ${key}`);
      return Promise.resolve({});
    },
  }));

const start = async (
  reconcilers: readonly ReconcilerFactory[],
  settings: Partial<OperatorSettings> = {},
): Promise<Operator> => {
  const operator = await startOperator({ kubeconfig: cluster.kubeconfig, reconcilers, settings });
  operators.push(operator);
  return operator;
};

const until = (probe: () => boolean, what: string): Promise<true> =>
  waitFor(() => probe() || undefined, { timeoutMs: 10_000, what });

const text = async (port: number | undefined, path: string): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return `${response.status} ${await response.text()}`;
};

const podOf = (name: string, rayCluster: string): KubeObject =>
  ({
    metadata: { name, namespace: "default", labels: { "ray.io/cluster": rayCluster, "ray.io/node-type": "worker" } },
    spec: { containers: [{ name: "ray-worker", image: "manta" }] },
  }) as KubeObject;

describe("the operator", () => {
  it("looks at each object when it comes, and when something of it changes", async () => {
    await cluster.api.create(clusters, smallCluster("old"));
    const seen: string[] = [];
    const operator = await start(recording(seen));
    await until(() => seen.includes("RayCluster default/old"), "the one that was there");
    expect(operator.isWorking).toBe(true);
    const labels = { "ray.io/originated-from-cr-name": "service", "ray.io/originated-from-crd": "RayService" };
    await cluster.api.create(clusters, smallCluster("new", { labels }));
    await until(() => seen.includes("RayCluster default/new"), "the new one");
    await until(() => seen.includes("RayService default/service"), "its service");
    seen.length = 0;
    await cluster.api.create<KubeObject>(resources.pods, podOf("worker", "new"));
    await until(() => seen.length >= 2, "a pod of it");
    expect([...new Set(seen)].toSorted()).toEqual(["RayCluster default/new", "RayService default/service"]);
    expect(operator.caches.pods.byLabel("default", "ray.io/cluster", "new").length).toBe(1);
    seen.length = 0;
    await cluster.api.delete(resources.pods, { namespace: "default", name: "worker" }, { gracePeriodSeconds: 0 });
    await until(() => seen.includes("RayCluster default/new"), "the pod's end");
  });

  it("asks the server for nothing while nothing changes", async () => {
    await cluster.api.create(clusters, smallCluster("one"));
    const seen: string[] = [];
    const operator = await start(recording(seen));
    const { registry } = operator.metrics;
    const calls = async (): Promise<number> => {
      const metric = await registry.getSingleMetric("rest_client_requests_total")?.get();
      return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
    };
    const perCache = 2;
    const before = operator.caches.followed.length * perCache;
    await waitFor(async () => (await calls()) === before || undefined, {
      timeoutMs: 10_000,
      what: "lists and watches",
    });
    await until(() => seen.length > 0, "the first look");
    seen.length = 0;
    await cluster.api.create(clusters, smallCluster("two"));
    await until(() => seen.length > 0, "the second");
    expect(seen).toEqual(["RayCluster default/two"]);
    expect(await calls()).toBe(before);
  });

  it("looks at the namespaces it was told only", async () => {
    for (const name of ["a", "b", "c"]) await cluster.createNamespace(name);
    const seen: string[] = [];
    await start(recording(seen), { watchNamespaces: ["a", "c"] });
    for (const namespace of ["a", "b", "c"]) await cluster.api.create(clusters, smallCluster("one", { namespace }));
    await until(() => seen.includes("RayCluster c/one"), "the last");
    expect(seen.toSorted()).toEqual(["RayCluster a/one", "RayCluster c/one"]);
  });

  it("leaves alone what another controller manages", async () => {
    const seen: string[] = [];
    await start(recording(seen));
    await cluster.api.create(clusters, smallCluster("theirs", { managedBy: "kueue.x-k8s.io/multikueue" }));
    await cluster.api.create(clusters, smallCluster("ours", { managedBy: "ray.io/kuberay-operator" }));
    await until(() => seen.length > 0, "ours");
    expect(seen).toEqual(["RayCluster default/ours"]);
  });
});

describe("the operator whose passes fail or hang", () => {
  it("does other keys while one fails, and tries that again", async () => {
    const seen: string[] = [];
    const failing: Reconciler = {
      kind: "RayCluster",
      reconcile: (key) => {
        seen.push(key);
        if (key === "default/bad" && seen.filter((other) => other === key).length < 4)
          return Promise.reject(new Error("no"));
        return Promise.resolve({});
      },
    };
    const operator = await start([() => failing], { concurrency: 1 });
    await cluster.api.create(clusters, smallCluster("bad"));
    await cluster.api.create(clusters, smallCluster("good"));
    await until(() => seen.filter((other) => other === "default/bad").length === 4, "four tries");
    expect(seen).toContain("default/good");
    expect(operator.controllers[0]?.queue.failures("default/bad")).toBe(0);
  });

  it("tells a pass that hangs to stop", async () => {
    let told: unknown;
    const hanging: Reconciler = {
      kind: "RayCluster",
      reconcile: (_, signal) =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () => {
            told = signal.reason;
            resolve({});
          }),
        ),
    };
    await start([() => hanging], { reconcileTimeoutMs: 100 });
    await cluster.api.create(clusters, smallCluster("one"));
    await until(() => told !== undefined, "the signal");
    expect(String(told)).toContain("longer than 100 ms");
  });
});

describe("the operator as a process", () => {
  it("lets running passes end when it is closed, and gives the lease away for the next", async () => {
    const seen: string[] = [];
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    const slow: Reconciler = {
      kind: "RayCluster",
      reconcile: async (key) => {
        seen.push(`${key} begins`);
        await finished;
        seen.push(`${key} ends`);
        return {};
      },
    };
    const first = await start([() => slow], { leaderElection: true });
    await cluster.api.create(clusters, smallCluster("one"));
    await until(() => seen.length === 1, "the pass runs");
    const second = await start(recording(seen), { leaderElection: true });
    await until(() => second.unready().length === 0, "the second is ready");
    expect(second.isWorking).toBe(false);
    const closing = first.close();
    finish();
    await closing;
    await until(() => second.isWorking && seen.length === 3, "the second works");
    expect(seen).toEqual(["default/one begins", "default/one ends", "RayCluster default/one"]);
  });

  it("answers probes and metrics", async () => {
    const address = { host: "127.0.0.1", port: 0 };
    const settings = { metricsAddress: address, healthAddress: address, objectMetrics: true };
    const operator = await start(recording([]), settings);
    await cluster.api.create(clusters, smallCluster("one"));
    await until(() => operator.unready().length === 0 && operator.caches.rayClusters.size === 1, "ready");
    const [metricsPort, healthPort] = operator.ports;
    expect(await text(healthPort, "/healthz")).toBe("200 ok\n");
    expect(await text(healthPort, "/readyz")).toBe("200 ok\n");
    expect(await text(healthPort, "/other")).toMatch(/^404/);
    const metrics = await text(metricsPort, "/metrics");
    expect(metrics).toMatch(/kuberay_cluster_info\{name="one",namespace="default",uid="[^"]+",owner_kind="None"\} 1/);
    expect(metrics).toMatch(/kuberay_cluster_condition_provisioned\{.*condition="false"\} 1/);
    for (const name of ["workqueue_depth", "controller_runtime_reconcile_total", "rest_client_requests_total"])
      expect(metrics).toContain(`${name}{`);
    expect(metrics).toContain('manta_operator_cache_objects{resource="rayclusters"} 1');
  });
});
