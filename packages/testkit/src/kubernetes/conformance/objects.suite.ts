import { describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { type Connect, configMap, type Status, type SuiteCluster, unscheduledPod, useCluster } from "./suite.ts";

/** Create, get, update, patch and what the server itself says of objects. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export const describeObjects = (connect: Connect): void => {
  describe("objects", () => {
    const cluster = useCluster(connect);
    identityCases(cluster);
    updateCases(cluster);
    formCases(cluster);
  });
};

const identityCases = (cluster: SuiteCluster): void => {
  test("a created object has an identity, and is read back the same", async () => {
    const created = await cluster.client.request("POST", cluster.path("configmaps"), {
      body: configMap("identity", { a: "1" }),
    });
    expect(created.status).toBe(201);
    const { metadata } = created.body;
    expect(metadata).toMatchObject({ name: "identity", namespace: cluster.namespace });
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(metadata).not.toHaveProperty("selfLink");
    expect(await cluster.client.ok("GET", cluster.path("configmaps/identity"))).toEqual(created.body);
  });

  test("a name is given once: 409 AlreadyExists", async () => {
    await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("twice") });
    const { status, body } = await cluster.client.request<Status>("POST", cluster.path("configmaps"), {
      body: configMap("twice"),
    });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      kind: "Status",
      reason: "AlreadyExists",
      message: 'configmaps "twice" already exists',
    });
  });

  test("generateName appends five characters of the safe alphabet", async () => {
    const { metadata } = await cluster.client.ok("POST", cluster.path("configmaps"), {
      body: { metadata: { generateName: "made-" } },
    });
    expect(metadata.name).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test("what is not there is 404 with the resource's name", async () => {
    const { status, body } = await cluster.client.request<Status>("GET", cluster.path("deployments/none", "apps/v1"));
    expect(status).toBe(404);
    expect(body).toMatchObject({
      reason: "NotFound",
      message: 'deployments.apps "none" not found',
      details: { name: "none", group: "apps", kind: "deployments" },
    });
  });
};

const updateCases = (cluster: SuiteCluster): void => {
  test("an update of an old version is refused: 409 Conflict", async () => {
    const first = await cluster.client.ok("POST", cluster.path("configmaps"), {
      body: configMap("race", { a: "1" }),
    });
    const path = cluster.path("configmaps/race");
    await cluster.client.ok("PUT", path, { body: { ...first, data: { a: "2" } } });
    const { status, body } = await cluster.client.request<Status>("PUT", path, {
      body: { ...first, data: { a: "3" } },
    });
    expect(status).toBe(409);
    expect(body.message).toBe(
      'Operation cannot be fulfilled on configmaps "race": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  test("an update that changes nothing writes nothing", async () => {
    const first = await cluster.client.ok("POST", cluster.path("configmaps"), {
      body: configMap("same", { a: "1" }),
    });
    const second = await cluster.client.ok("PUT", cluster.path("configmaps/same"), { body: first });
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("the generation counts changes of the spec, not of metadata or status", async () => {
    const path = cluster.path("networkpolicies/counted", "networking.k8s.io/v1");
    const created = await cluster.client.ok("POST", cluster.path("networkpolicies", "networking.k8s.io/v1"), {
      body: { metadata: { name: "counted" }, spec: { podSelector: {} } },
    });
    const patch = (body: object): Promise<KubeObject> =>
      cluster.client.ok("PATCH", path, { body, contentType: "application/merge-patch+json" });
    const labelled = await patch({ metadata: { labels: { a: "b" } } });
    const changed = await patch({ spec: { podSelector: { matchLabels: { a: "b" } } } });
    expect([created, labelled, changed].map(({ metadata }) => metadata.generation)).toEqual([1, 1, 2]);
  });

  test("the status is written by its subresource only", async () => {
    await cluster.client.ok("POST", cluster.path("pods"), { body: unscheduledPod("status") });
    const path = cluster.path("pods/status");
    const merge = { contentType: "application/merge-patch+json" };
    const ignored = await cluster.client.ok("PATCH", path, { ...merge, body: { status: { message: "no" } } });
    expect(ignored["status"]).not.toHaveProperty("message");
    const written = await cluster.client.ok("PATCH", `${path}/status`, {
      ...merge,
      body: { status: { message: "yes" }, spec: { nodeName: "none" } },
    });
    expect(written["status"]).toMatchObject({ message: "yes" });
    expect(written["spec"]).not.toHaveProperty("nodeName");
  });
};

const formCases = (cluster: SuiteCluster): void => {
  test("a dry run answers as if and stores nothing", async () => {
    const { status } = await cluster.client.request("POST", cluster.path("configmaps?dryRun=All"), {
      body: configMap("dry"),
    });
    expect(status).toBe(201);
    expect((await cluster.client.request("GET", cluster.path("configmaps/dry"))).status).toBe(404);
  });

  test("unknown fields: refused when strict, told in a warning otherwise", async () => {
    const body = { ...configMap("fields"), dat: { a: "1" } };
    const strict = await cluster.client.request<Status>("POST", cluster.path("configmaps?fieldValidation=Strict"), {
      body,
    });
    expect(strict.status).toBe(400);
    expect(strict.body.message).toContain('strict decoding error: unknown field "dat"');
    const warned = await cluster.client.request("POST", cluster.path("configmaps?fieldValidation=Warn"), { body });
    expect(warned.status).toBe(201);
    expect(warned.headers["warning"]).toContain('299 - "unknown field \\"dat\\""');
  });

  test("a Table has columns and rows with the objects' metadata", async () => {
    await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("row", { a: "1", b: "2" }) });
    const table = await cluster.client.ok<{
      columnDefinitions: { name: string }[];
      rows: { cells: unknown[]; object: KubeObject }[];
    }>("GET", cluster.path("configmaps/row"), {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" },
    });
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(["Name", "Data", "Age"]);
    expect(table.rows[0]?.cells.slice(0, 2)).toEqual(["row", 2]);
    expect(table.rows[0]?.object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "row" } });
  });
};
