import { waitFor } from "mantaray/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { resources } from "../api/resources.ts";
import { connectionOf, KubeClient } from "../http/kube-client.ts";
import { ApiServer } from "./api-server.ts";

let server: ApiServer;
let client: KubeClient;
beforeEach(async () => {
  server = await ApiServer.start();
  client = new KubeClient(connectionOf(server.kubeconfig()));
});
afterEach(async () => {
  client.close();
  await server.close();
});

const pod = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", labels: { app: "x" } },
  spec: { containers: [{ name: "main", image: "example.com/none:1" }], ...spec },
});

test("a pod on a node goes when its grace is over or its kubelet says so", async () => {
  await server.access.create(resources.pods, pod("bound", { nodeName: "node-1" }));
  const id = { namespace: "default", name: "bound" };
  await server.access.delete(resources.pods, id);
  const going = await server.access.get(resources.pods, id);
  expect(going?.metadata).toMatchObject({ deletionGracePeriodSeconds: 30, deletionTimestamp: expect.any(String) });
  await server.access.delete(resources.pods, id, { gracePeriodSeconds: 5 });
  expect((await server.access.get(resources.pods, id))?.metadata.deletionGracePeriodSeconds).toBe(5);
  await server.access.delete(resources.pods, id, { gracePeriodSeconds: 0 });
  expect(await server.access.get(resources.pods, id)).toBeUndefined();
});

test("the in-process watch tells each change before the write's promise is settled", async () => {
  const told: string[] = [];
  const watch = server.access.watch(resources.pods, { labelSelector: "app=x" }, ({ type, object }) =>
    told.push(`${type} ${object.metadata.name}`),
  );
  await server.access.create(resources.pods, pod("a"));
  await server.access.delete(resources.pods, { namespace: "default", name: "a" });
  watch.close();
  await server.access.create(resources.pods, pod("b"));
  expect(told).toEqual(["ADDED a", "DELETED a"]);
});

const evict = (name: string): ReturnType<KubeClient["request"]> =>
  client.request("POST", `/api/v1/namespaces/default/pods/${name}/eviction`, { body: { metadata: { name } } });

test("an eviction takes from the budget that covers the pod, and is refused when nothing is left", async () => {
  const budgetId = { group: "policy", version: "v1", plural: "poddisruptionbudgets" };
  const spec = { minAvailable: 1, selector: { matchLabels: { app: "x" } } };
  const budget = await server.access.create(budgetId, {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "one", namespace: "default" },
    spec,
  });
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  };
  await server.access.updateStatus(budgetId, { ...budget, status });
  for (const name of ["a", "b"]) {
    await server.access.create(resources.pods, pod(name));
    const running = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    await server.access.mergePatch(resources.pods, { namespace: "default", name }, { status: running }, "status");
  }
  expect((await evict("a")).status).toBe(201);
  const refused = await evict("b");
  expect(refused.status).toBe(429);
  expect(refused.body).toMatchObject({ message: "Cannot evict pod as it would violate the pod's disruption budget." });
});

test("a namespace waits for its finalizer; nothing is created in it meanwhile", async () => {
  await client.ok("POST", "/api/v1/namespaces", { body: { metadata: { name: "closing" } } });
  const terminating = await client.ok("DELETE", "/api/v1/namespaces/closing");
  expect(terminating["status"]).toEqual({ phase: "Terminating" });
  const refused = await client.request("POST", "/api/v1/namespaces/closing/configmaps", {
    body: { metadata: { name: "late" } },
  });
  expect(refused.status).toBe(403);
  expect(refused.body).toMatchObject({
    message:
      'configmaps "late" is forbidden: unable to create new content in namespace closing because it is being terminated',
  });
  await client.ok("PUT", "/api/v1/namespaces/closing/finalize", { body: { ...terminating, spec: { finalizers: [] } } });
  expect((await client.request("GET", "/api/v1/namespaces/closing")).status).toBe(404);
});

test("a CustomResourceDefinition goes with its objects", async () => {
  const definition = {
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "things", kind: "Thing" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    },
  };
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await client.ok("POST", path, { body: definition });
  const things = "/apis/example.com/v1/namespaces/default/things";
  const kept = {
    apiVersion: "example.com/v1",
    kind: "Thing",
    metadata: { name: "kept", finalizers: ["example.com/keep"] },
  };
  await client.ok("POST", things, { body: kept });
  await client.ok("DELETE", `${path}/things.example.com`);
  expect((await client.ok("GET", `${things}/kept`)).metadata.deletionTimestamp).toBeDefined();
  await client.ok("PATCH", `${things}/kept`, {
    body: { metadata: { finalizers: null } },
    contentType: "application/merge-patch+json",
  });
  expect((await client.request("GET", `${path}/things.example.com`)).status).toBe(404);
  expect((await client.request("GET", things)).status).toBe(404);
});

test("requests are counted by verb, resource and client; nothing written leaves the version alone", async () => {
  server.resetRequestCounts();
  const before = server.resourceVersion;
  const headers = { "user-agent": "operator/1.0 (linux)" };
  await client.ok("GET", "/api/v1/pods", { headers });
  await client.request("GET", "/apis/apps/v1/namespaces/default/deployments/none/status", { headers });
  const counts = await waitFor(() => (server.requestCounts().length === 2 ? server.requestCounts() : undefined), {
    timeoutMs: 5_000,
    what: "both requests counted",
  });
  expect(counts).toEqual([
    { verb: "list", resource: "pods", userAgent: "operator", count: 1, refused: 0 },
    { verb: "get", resource: "deployments.apps/status", userAgent: "operator", count: 1, refused: 1 },
  ]);
  expect(server.resourceVersion).toBe(before);
});

test("a service account's token is void with its pod", async () => {
  const created = await server.access.create(resources.pods, pod("mine"));
  const bound = { name: "mine", uid: created.metadata.uid ?? "" };
  const { token } = server.issueToken({ namespace: "default", name: "default" }, { pod: bound });
  const asPod = client.as(token);
  expect((await asPod.request("GET", "/version")).status).toBe(200);
  await server.access.delete(resources.pods, { namespace: "default", name: "mine" });
  expect((await asPod.request("GET", "/version")).status).toBe(401);
  asPod.close();
});
