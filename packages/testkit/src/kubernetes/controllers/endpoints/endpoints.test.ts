import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../api/resources.ts";
import type { Pod } from "../../kubelet/types.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";
import type { EndpointsObject, SliceObject } from "../objects/types.ts";

const service = (more = ""): string => `
apiVersion: v1
kind: Service
metadata: {name: web, labels: {tier: front}}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: web}], ${more}}
`;
const pod = (name: string, port = 8080): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: web}, finalizers: [test/keep]}
spec:
  hostname: ${name}
  subdomain: web
  containers: [{name: main, image: busybox, ports: [{name: web, containerPort: ${port}}]}]
`;

let kit: TestControllers;
beforeEach(async () => {
  kit = await TestControllers.start();
});
afterEach(() => kit.close());

const create = async (name: string, port?: number): Promise<Pod> =>
  (await kit.create(resources.pods, pod(name, port))) as Pod;
const slices = async (): Promise<SliceObject[]> => {
  const labelSelector = "kubernetes.io/service-name=web";
  return (await kit.server.access.list(resources.endpointSlices, { labelSelector })) as SliceObject[];
};
const until = (what: string, holds: (slice: SliceObject) => unknown): Promise<SliceObject> =>
  kit.until(what, async () => (await slices()).find((slice) => holds(slice)));

describe("a Service", () => {
  it("has an empty slice and Endpoints before there is a pod", async () => {
    await kit.create(resources.services, service());
    const slice = await until("a slice", () => true);
    expect(slice.endpoints ?? []).toEqual([]);
    expect(slice.metadata.labels).toMatchObject({ tier: "front", "kubernetes.io/service-name": "web" });
    await kit.until("endpoints", () => kit.get(resources.endpoints, "web"));
  });

  it("tells in its slice who is ready, serving and terminating, within 100 ms", async () => {
    await kit.create(resources.services, service());
    const one = await create("one");
    await kit.run(one, false);
    const before = await until("an endpoint", ({ endpoints }) => endpoints?.length === 1);
    expect(before.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: false, terminating: false });
    const { promise, resolve } = Promise.withResolvers<number>();
    const watch = kit.server.access.watch(resources.endpointSlices, {}, ({ object }) => {
      if ((object as SliceObject).endpoints?.[0]?.conditions?.ready === true) resolve(performance.now());
    });
    const started = performance.now();
    await kit.run(one);
    expect((await promise) - started).toBeLessThan(100);
    watch.close();
    const ready = await until("ready", ({ endpoints }) => endpoints?.[0]?.conditions?.ready);
    expect(ready.ports).toMatchObject([{ name: "http", port: 8080, protocol: "TCP" }]);
    expect(ready.endpoints?.[0]).toMatchObject({ hostname: "one", targetRef: { kind: "Pod", name: "one" } });
    await kit.server.access.delete(resources.pods, { namespace: "default", name: "one" });
    const leaving = await until("terminating", ({ endpoints }) => endpoints?.[0]?.conditions?.terminating);
    expect(leaving.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true });
    await kit.patch(resources.pods, "one", { metadata: { finalizers: null } });
    await until("empty", ({ endpoints }) => (endpoints ?? []).length === 0);
  });

  it("has Endpoints that part ready from unready addresses", async () => {
    await kit.create(resources.services, service());
    await kit.run(await create("one"));
    await kit.run(await create("two"), false);
    const endpoints = await kit.until("two addresses", async () => {
      const found = await kit.get<EndpointsObject>(resources.endpoints, "web");
      return found?.subsets?.[0]?.notReadyAddresses === undefined ? undefined : found;
    });
    expect(endpoints.subsets?.[0]?.addresses?.map(({ targetRef }) => targetRef?.name)).toEqual(["one"]);
    expect(endpoints.subsets?.[0]?.notReadyAddresses?.map(({ targetRef }) => targetRef?.name)).toEqual(["two"]);
  });
});

describe("a Service of another sort", () => {
  it("that publishes unready addresses calls them ready", async () => {
    await kit.create(resources.services, service("clusterIP: None, publishNotReadyAddresses: true"));
    await kit.run(await create("one"), false);
    const slice = await until("an endpoint", ({ endpoints }) => endpoints?.length === 1);
    expect(slice.endpoints?.[0]?.conditions?.ready).toBe(true);
    expect(slice.metadata.labels).toHaveProperty(["service.kubernetes.io/headless"]);
  });

  it("has a slice for each number that a named port means", async () => {
    await kit.create(resources.services, service());
    await kit.run(await create("one", 8080));
    await kit.run(await create("two", 9090));
    await kit.until("two slices", async () => (await slices()).length === 2);
    expect((await slices()).map(({ ports }) => ports?.[0]?.port).toSorted((a = 0, b = 0) => a - b)).toEqual([
      8080, 9090,
    ]);
  });

  it("takes its endpoints with it, and gets back what somebody deletes", async () => {
    await kit.create(resources.services, service());
    const [slice] = await kit.until("a slice", async () => ((await slices()).length > 0 ? slices() : undefined));
    await kit.server.access.delete(resources.endpointSlices, {
      namespace: "default",
      name: slice?.metadata.name ?? "",
    });
    await kit.until("a slice again", async () => (await slices()).length === 1);
    await kit.server.access.delete(resources.services, { namespace: "default", name: "web" });
    await kit.until("none", async () => (await slices()).length === 0);
    const none = kit.until("no endpoints", async () => (await kit.get(resources.endpoints, "web")) === undefined);
    expect(await none).toBe(true);
  });
});
