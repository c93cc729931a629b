import { readFile } from "node:fs/promises";
import { ApiServer, type KubeObject, PretendKubelet, resources } from "@manta/testkit/kubernetes";
import { parse } from "yaml";

/**
 * An API server in a process of its own, with pods that look alive. Each message of the parent process is a command,
 * answered by one message; it ends when the parent is gone.
 */
export type KubernetesCommand =
  | { readonly kind: "create"; readonly clusters: number; readonly workers: number }
  | { readonly kind: "look" }
  | { readonly kind: "resetCounts" }
  | { readonly kind: "deletePods"; readonly clusters: number };

/** What there is. */
export interface KubernetesState {
  readonly resourceVersion: string;
  readonly readyClusters: number;
  readonly readyPods: number;
  readonly pods: number;
  readonly counts: ReturnType<ApiServer["requestCounts"]>;
  /** Changes of RayClusters that were stored, since the counts began. */
  readonly clusterChanges: number;
  readonly peakRssBytes: number;
}

const rayClusters = { group: "ray.io", version: "v1", plural: "rayclusters" };
const namespace = "default";

const server = await ApiServer.start();
const { access } = server;
for (const name of ["rayclusters", "rayservices"]) {
  const text = await readFile(new URL(`../../packages/operator/crds/ray.io_${name}.yaml`, import.meta.url), "utf8");
  await access.create(resources.customResourceDefinitions, parse(text) as KubeObject);
}
/** Spread, as pods are that start at the same time. */
const scattered = (pod: KubeObject): number => 100 + ((pod.metadata.uid ?? "").charCodeAt(0) % 16) * 25;
const kubelet = new PretendKubelet({ access, startMs: scattered, readyMs: scattered, endMs: () => 200 });

const template = (name: string): object => ({
  spec: {
    containers: [
      {
        name,
        image: "mantaray/manta:1",
        resources: { limits: { cpu: "1", memory: "2Gi" }, requests: { cpu: "500m", memory: "1Gi" } },
        env: [{ name: "LOG_LEVEL", value: "info" }],
        volumeMounts: [{ name: "logs", mountPath: "/tmp/ray" }],
      },
    ],
    volumes: [{ name: "logs", emptyDir: {} }],
  },
});

const clusterOf = (index: number, workers: number): KubeObject => {
  const sizes = { replicas: workers, minReplicas: 0, maxReplicas: workers * 2 };
  const spec = {
    rayVersion: "2.52.0",
    headGroupSpec: { rayStartParams: { "dashboard-host": "0.0.0.0" }, template: template("ray-head") },
    workerGroupSpecs: [{ groupName: "small", ...sizes, rayStartParams: {}, template: template("ray-worker") }],
  };
  const cluster = { apiVersion: "ray.io/v1", kind: "RayCluster", metadata: { name: `load-${index}`, namespace }, spec };
  return cluster;
};

const create = async (count: number, workers: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    await access.create(rayClusters, clusterOf(index, workers));
    // The server answers others meanwhile, as it would an admin's kubectl.
    if (index % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
};

interface Status {
  readonly state?: string;
  readonly readyWorkerReplicas?: number;
  readonly desiredWorkerReplicas?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

const isTrue = (object: KubeObject, type: string): boolean =>
  (object as { status?: Status }).status?.conditions?.some((it) => it.type === type && it.status === "True") === true;

/** Ready now, not only once: all its workers, and its head. */
const isReady = (cluster: KubeObject): boolean => {
  const { status } = cluster as { status?: Status };
  const whole = status?.readyWorkerReplicas === status?.desiredWorkerReplicas;
  return status?.state === "ready" && whole && isTrue(cluster, "HeadPodReady");
};

/** Objects by name, as watches tell of them: a list of thousands at every look would be a load of its own. */
const follow = (resource: typeof rayClusters, onChange = (): void => undefined): ReadonlyMap<string, KubeObject> => {
  const objects = new Map<string, KubeObject>();
  access.watch(resource, { namespace }, ({ type, object }) => {
    if (type === "MODIFIED") onChange();
    if (type === "DELETED") objects.delete(object.metadata.name);
    else objects.set(object.metadata.name, object);
  });
  return objects;
};
let clusterChanges = 0;
const clusters = follow(rayClusters, () => {
  clusterChanges += 1;
});
const pods = follow(resources.pods);

const look = (): KubernetesState => ({
  resourceVersion: server.resourceVersion,
  readyClusters: [...clusters.values()].filter(isReady).length,
  readyPods: [...pods.values()].filter((pod) => pod.metadata.deletionTimestamp === undefined && isTrue(pod, "Ready"))
    .length,
  pods: pods.size,
  counts: server.requestCounts(),
  clusterChanges,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
});

/** A worker of each cluster. */
const deletePods = async (count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    const labelSelector = `ray.io/cluster=load-${index},ray.io/node-type=worker`;
    const [pod] = await access.list(resources.pods, { namespace, labelSelector });
    if (pod !== undefined) await access.delete(resources.pods, { namespace, name: pod.metadata.name });
  }
};

const run = async (command: KubernetesCommand): Promise<KubernetesState> => {
  if (command.kind === "create") await create(command.clusters, command.workers);
  else if (command.kind === "deletePods") await deletePods(command.clusters);
  else if (command.kind === "resetCounts") {
    server.resetRequestCounts();
    clusterChanges = 0;
  }
  return look();
};

process.on("message", (command: KubernetesCommand) => {
  run(command).then(
    (state) => process.send?.({ state }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once("disconnect", () => {
  void kubelet.close().then(() => process.exit(0));
});
process.send?.({ kubeconfig: server.kubeconfig() });
