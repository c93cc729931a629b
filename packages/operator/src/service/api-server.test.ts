import type { Pod, Service } from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import { waitFor } from "mantaray/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { labels } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import { buildHeadPod } from "../cluster/build/head-pod.ts";
import { defaultClusterOptions } from "../cluster/cluster-options.ts";
import { startOperator } from "../index.ts";
import type { Draft, Stored } from "../kube/objects.ts";
import { rayClusters, rayServices } from "../kube/ray-resources.ts";
import { resources } from "../kube/resources.ts";
import { TestCluster } from "../runtime/fixtures/test-cluster.ts";
import { rayServiceManifest, type ServiceSketch } from "./fixtures/ray-service.ts";
import type { HttpClient } from "./http-call.ts";
import { ServiceReconciler } from "./reconcile-service.ts";

let kubernetes: TestCluster;
let end: () => Promise<void>;
/** Names of the applications of each head, by its address. */
const heads = new Map<string, string[]>();

/** Heads that take a config and run it at once. */
const http: HttpClient = async ({ url, method, body }) => {
  await Promise.resolve();
  const { hostname, port } = new URL(url);
  if (port === "8000") return { status: 200, headers: { "x-manta-ongoing": "0" }, text: "success" };
  if (method === "PUT") {
    const { applications } = JSON.parse(body ?? "{}") as { applications: { name: string }[] };
    heads.set(
      hostname,
      applications.map(({ name }) => name),
    );
    return { status: 200, headers: {}, text: "" };
  }
  const running = { status: "RUNNING", message: "", deployments: {} };
  const applications = Object.fromEntries((heads.get(hostname) ?? []).map((name) => [name, running]));
  return { status: 200, headers: {}, text: JSON.stringify({ applications }) };
};

beforeEach(async () => {
  heads.clear();
  kubernetes = await TestCluster.start();
  const operator = await startOperator({
    kubeconfig: kubernetes.kubeconfig,
    reconcilers: [(deps) => new ServiceReconciler(deps, { options: defaultClusterOptions, http })],
  });
  end = () => operator.close(0);
});
afterEach(async () => {
  await end();
  await kubernetes.close();
});

const ref = { namespace: "default", name: "fruit" };
const manifest = (sketch: ServiceSketch): Draft => {
  const { metadata: _, ...rest } = rayServiceManifest(sketch) as Record<string, unknown>;
  return { ...rest, metadata: { ...ref } };
};
const apply = async (sketch: ServiceSketch): Promise<void> =>
  void (await kubernetes.api.apply(rayServices, manifest(sketch) as Draft<RayService>));
const service = async (): Promise<Stored<RayService> | undefined> => await kubernetes.api.get(rayServices, ref);
const condition = async (type: string): Promise<string> => {
  const found = (await service())?.status?.conditions?.find((it) => it.type === type);
  return `${found?.status}/${found?.reason}`;
};
const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> =>
  void (await waitFor(async () => (await isSo()) || undefined, { timeoutMs: 20_000, what }));
const serve = async (): Promise<Stored<Service> | undefined> =>
  await kubernetes.api.get(resources.services, { ...ref, name: "fruit-serve-svc" });

/** What the controller of RayClusters and a kubelet would do. */
const bringUp = async (name: string, podIP: string): Promise<void> => {
  const cluster = await kubernetes.api.get(rayClusters, { ...ref, name });
  if (cluster === undefined) throw new Error(`no cluster ${name}`);
  const pod = buildHeadPod(cluster, `${name}-head`, "leader", defaultClusterOptions);
  const { uid } = (await kubernetes.api.create<Pod>(resources.pods, pod)).metadata;
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const ready = { type: "Ready", status: "True", lastTransitionTime };
  await kubernetes.api.patchStatus(
    resources.pods,
    { ...ref, name: `${name}-head` },
    { phase: "Running", podIP, conditions: [ready] },
  );
  const headReady = {
    type: "HeadPodReady",
    status: "True",
    reason: "HeadPodRunningAndReady",
    message: "",
    lastTransitionTime,
  };
  await kubernetes.api.patchStatus(rayClusters, { ...ref, name }, { conditions: [headReady] });
  await until("the Services' switch", async () => (await serve())?.spec?.selector?.[labels.cluster] === name);
  const slice: Draft<EndpointSlice> = {
    metadata: {
      ...ref,
      name: "slice",
      labels: { "kubernetes.io/service-name": "fruit-serve-svc", [labels.serve]: "fruit-serve" },
    },
    addressType: "IPv4",
    endpoints: [
      { addresses: [podIP], conditions: { ready: true }, targetRef: { kind: "Pod", name: `${name}-head`, uid } },
    ],
  };
  await kubernetes.api.apply(resources.endpointSlices, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    ...slice,
  });
};

test("brings a RayService up, upgrades, suspends and deletes it on an API server", async () => {
  const sketch: ServiceSketch = {
    groups: [],
    spec: { upgradeStrategy: { type: "NewCluster" }, rayClusterDeletionDelaySeconds: 0 },
  };
  await apply(sketch);
  const named = async (role: "activeServiceStatus" | "pendingServiceStatus"): Promise<string | undefined> =>
    (await service())?.status?.[role]?.rayClusterName;
  const there = async (name: string | undefined): Promise<boolean> =>
    name !== undefined && (await kubernetes.api.get(rayClusters, { ...ref, name })) !== undefined;
  await until("a cluster", async () => await there(await named("pendingServiceStatus")));
  const first = (await named("pendingServiceStatus")) ?? "";
  await bringUp(first, "10.9.0.1");
  await until("ready", async () => (await condition("Ready")) === "True/NonZeroServeEndpoints");
  const head = await kubernetes.api.get(resources.pods, { ...ref, name: `${first}-head` });
  expect(head?.metadata.labels?.[labels.serve]).toBe("true");
  expect((await service())?.status?.numServeEndpoints).toBe(1);

  const spec = {
    ...sketch.spec,
    serveService: { metadata: { labels: { team: "fruit" } }, spec: { type: "NodePort" } },
  };
  await apply({ ...sketch, spec });
  await until("the type", async () => (await serve())?.spec?.type === "NodePort");
  expect((await serve())?.metadata.labels?.team).toBe("fruit");
  await apply({ ...sketch, spec: { ...spec, serveService: { spec: { clusterIP: "None" } } } });
  await until("another Service", async () => (await serve())?.spec?.clusterIP === "None");

  await apply({ ...sketch, image: "mantaray/manta:2" });
  await until("a second cluster", async () => await there(await named("pendingServiceStatus")));
  expect(await condition("UpgradeInProgress")).toBe("True/BothActivePendingClustersExist");
  const second = (await named("pendingServiceStatus")) ?? "";
  await bringUp(second, "10.9.0.2");
  await until("the upgrade", async () => (await named("activeServiceStatus")) === second);
  await until("the end of the first", async () => !(await there(first)));

  const before: Stored<RayCluster>[] = [...(await kubernetes.api.list(rayClusters, { namespace: "default" })).items];
  expect(before.map(({ metadata }) => metadata.name)).toEqual([second]);
  await apply({ ...sketch, spec: { ...sketch.spec, suspend: true } });
  await until("suspension", async () => (await condition("Suspended")) === "True/SuspendComplete");
  expect([await there(second), await serve()]).toEqual([false, undefined]);
  await kubernetes.api.delete(rayServices, ref);
  await until("the end", async () => (await service()) === undefined);
}, 90_000);
