import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things, singular: thing, listKind: ThingList}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}}
`;
const things = { group: "example.com", version: "v1", plural: "things" };

let kit: TestControllers;
beforeEach(async () => {
  kit = await TestControllers.start();
});
afterEach(() => kit.close());

const configMap = (name: string, owners: readonly KubeObject[] = [], blockOwnerDeletion = true): Promise<KubeObject> =>
  kit.server.access.create(resources.configMaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace: "default",
      ownerReferences: owners.map(({ apiVersion, kind, metadata }) => ({
        apiVersion,
        kind,
        name: metadata.name,
        uid: metadata.uid ?? "",
        blockOwnerDeletion,
      })),
    },
  });
const untilGone = (name: string): Promise<boolean> =>
  kit.until(`${name} gone`, async () => (await kit.get(resources.configMaps, name)) === undefined);
const remove = (name: string, propagationPolicy: "Background" | "Foreground" | "Orphan"): Promise<void> =>
  kit.server.access.delete(resources.configMaps, { namespace: "default", name }, { propagationPolicy });

describe("garbage collection", () => {
  it("deletes what belonged to a deleted object, and what belonged to that", async () => {
    const owner = await configMap("owner");
    const child = await configMap("child", [owner]);
    await configMap("grandchild", [child]);
    await remove("owner", "Background");
    expect(await untilGone("grandchild")).toBe(true);
    expect(await untilGone("child")).toBe(true);
  });

  it("keeps what has another owner, and forgets the one that is gone", async () => {
    const [owner, other] = [await configMap("owner"), await configMap("other")];
    await configMap("child", [owner, other]);
    await remove("owner", "Background");
    const child = await kit.until("one owner left", async () => {
      const found = await kit.get(resources.configMaps, "child");
      return found?.metadata.ownerReferences?.length === 1 ? found : undefined;
    });
    expect(child.metadata.ownerReferences?.[0]?.name).toBe("other");
  });

  it("in the foreground keeps the owner until its dependents are gone", async () => {
    const owner = await configMap("owner");
    await configMap("child", [owner]);
    await kit.patch(resources.configMaps, "child", { metadata: { finalizers: ["test/keep"] } });
    await remove("owner", "Foreground");
    await kit.until(
      "child marked",
      async () => (await kit.get(resources.configMaps, "child"))?.metadata.deletionTimestamp,
    );
    expect((await kit.get(resources.configMaps, "owner"))?.metadata.finalizers).toEqual(["foregroundDeletion"]);
    await kit.patch(resources.configMaps, "child", { metadata: { finalizers: null } });
    await untilGone("owner");
  });

  it("parts orphans from their owner", async () => {
    const owner = await configMap("owner");
    await configMap("child", [owner]);
    await remove("owner", "Orphan");
    await untilGone("owner");
    expect((await kit.get(resources.configMaps, "child"))?.metadata.ownerReferences ?? []).toEqual([]);
  });
});

describe("garbage collection by kinds and namespaces", () => {
  it("deletes what names an owner that never was, but not one of a kind that nobody serves", async () => {
    const phantom = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "phantom", uid: "no-such-uid" } };
    await configMap("child", [phantom]);
    await configMap("unknown", [{ ...phantom, apiVersion: "nobody.example.com/v1", kind: "Nothing" }]);
    await untilGone("child");
    expect(await kit.get(resources.configMaps, "unknown")).toBeDefined();
  });

  it("knows custom kinds as owners from the moment they are defined", async () => {
    await kit.create(resources.customResourceDefinitions, definition);
    const thing = await kit.until("things served", () =>
      kit.create(things, "{apiVersion: example.com/v1, kind: Thing, metadata: {name: one}}").catch(() => undefined),
    );
    await configMap("child", [thing]);
    await kit.server.access.delete(things, { namespace: "default", name: "one" });
    expect(await untilGone("child")).toBe(true);
  });

  it("empties a namespace that is deleted, custom objects and finalizers included", async () => {
    await kit.create(resources.customResourceDefinitions, definition);
    const { access } = kit.server;
    const namespace = "gone";
    await access.create(resources.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const metadata = { name: "one", namespace, finalizers: ["test/keep"] };
    await kit.until("things served", () =>
      access.create(things, { apiVersion: "example.com/v1", kind: "Thing", metadata }).catch(() => undefined),
    );
    await access.delete(resources.namespaces, { name: namespace });
    await kit.until("thing marked", async () => (await access.get(things, metadata))?.metadata.deletionTimestamp);
    expect(await access.get(resources.namespaces, { name: namespace })).toBeDefined();
    await access.mergePatch(things, metadata, { metadata: { finalizers: null } });
    await kit.until("namespace gone", async () => {
      await kit.clock.advance(200);
      return (await access.get(resources.namespaces, { name: namespace })) === undefined;
    });
  });
});
