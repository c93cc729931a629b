import type { Container, Pod } from "kubernetes-types/core/v1.d.ts";
import { describe, expect, it } from "vitest";
import { annotations, labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { type ClusterOptions, defaultClusterOptions } from "../cluster-options.ts";
import { type ClusterSketch, fromService, rayCluster, withRedis, workerGroup } from "../fixtures/ray-cluster.ts";
import { buildHeadPod } from "./head-pod.ts";
import { buildWorkerPod } from "./worker-pod.ts";

const head = (sketch: ClusterSketch = {}, options: Partial<ClusterOptions> = {}): Pod =>
  buildHeadPod(rayCluster(sketch), "head-1", "leader", { ...defaultClusterOptions, ...options });

const worker = (sketch: ClusterSketch = {}, options: Partial<ClusterOptions> = {}): Pod => {
  const cluster: RayCluster = rayCluster(sketch);
  const [group] = cluster.spec.workerGroupSpecs ?? [];
  if (group === undefined) throw new Error("no group");
  return buildWorkerPod(cluster, group, "worker-1", { replicaIndex: 3 }, { ...defaultClusterOptions, ...options });
};

const ray = (pod: Pod): Container => pod.spec?.containers[0] as Container;
const env = (pod: Pod): Record<string, unknown> =>
  Object.fromEntries((ray(pod).env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

const passwordOf = (parameter: string): unknown =>
  env(
    head({
      annotations: { [annotations.ftEnabled]: "true" },
      head: { rayStartParams: { "redis-password": parameter } },
    }),
  ).REDIS_PASSWORD;

const volumeNames = (pod: Pod): string[] => (pod.spec?.volumes ?? []).map(({ name }) => name);

describe("pods: labels and annotations", () => {
  it("a head has all labels that other tools select by", () => {
    expect(head().metadata?.labels).toMatchObject({
      "ray.io/is-ray-node": "yes",
      "ray.io/cluster": "sample",
      "ray.io/node-type": "head",
      "ray.io/group": "headgroup",
      "ray.io/identifier": "sample-head",
      "app.kubernetes.io/name": "kuberay",
      "app.kubernetes.io/created-by": "kuberay-operator",
    });
    expect(head().metadata?.annotations).toMatchObject({ "ray.io/ft-enabled": "false" });
  });

  it("a template may change labels, but not those that say whose pod it is", () => {
    const pod = head({
      head: {
        template: {
          metadata: {
            labels: { "app.kubernetes.io/name": "mine", "ray.io/cluster": "other", "ray.io/node-type": "x", own: "1" },
          },
          spec: { containers: [{ name: "ray-head", image: "i" }] },
        },
      },
    });
    expect(pod.metadata?.labels).toMatchObject({
      "app.kubernetes.io/name": "mine",
      "ray.io/cluster": "sample",
      "ray.io/node-type": "head",
      own: "1",
    });
  });

  it("a worker says which replica it is, and the cluster's namespace wins over the template's", () => {
    const pod = worker({
      groups: [
        workerGroup("small", { template: { metadata: { namespace: "other" }, spec: { containers: [{ name: "r" }] } } }),
      ],
    });
    expect(pod.metadata?.labels).toMatchObject({ [labels.replicaIndex]: "3", [labels.group]: "small" });
    expect(pod.metadata?.namespace).toBe("default");
    expect(pod.metadata?.ownerReferences?.[0]).toMatchObject({
      kind: "RayCluster",
      controller: true,
      blockOwnerDeletion: true,
    });
  });

  it("pods of a RayService's cluster say whether they take requests", () => {
    expect(head({ labels: fromService }).metadata?.labels?.[labels.serve]).toBe("false");
    expect(worker({ labels: fromService }).metadata?.labels?.[labels.serve]).toBe("true");
    expect(head().metadata?.labels?.[labels.serve]).toBeUndefined();
  });
});

describe("pods: environment", () => {
  it("head", () => {
    expect(env(head())).toMatchObject({
      RAY_CLUSTER_NAME: { fieldRef: { fieldPath: "metadata.labels['ray.io/cluster']" } },
      RAY_CLUSTER_NAMESPACE: { fieldRef: { fieldPath: "metadata.namespace" } },
      RAY_CLOUD_INSTANCE_ID: { fieldRef: { fieldPath: "metadata.name" } },
      RAY_NODE_TYPE_NAME: { fieldRef: { fieldPath: "metadata.labels['ray.io/group']" } },
      RAY_PORT: "6379",
      RAY_ADDRESS: "127.0.0.1:6379",
      RAY_USAGE_STATS_KUBERAY_IN_USE: "1",
      RAY_USAGE_STATS_EXTRA_TAGS: "kuberay_version=0.1.0;kuberay_crd=RayCluster",
      RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE: "1",
      RAY_AUTH_MODE: "disabled",
    });
    expect(env(head()).KUBERAY_GEN_RAY_START_CMD).toMatch(/^ray start --head {2}--block /);
  });

  it("worker", () => {
    expect(env(worker())).toMatchObject({
      FQ_RAY_IP: "sample-head-svc.default.svc.cluster.local",
      RAY_IP: "sample-head-svc",
      RAY_ADDRESS: "sample-head-svc.default.svc.cluster.local:6379",
    });
  });

  it("what must hold replaces the user's, the rest is the user's, and no name is there twice", () => {
    const own = [
      { name: "RAY_CLUSTER_NAME", value: "mine" },
      { name: "RAY_PORT", value: "1" },
    ];
    const pod = head({ headContainer: { env: own } });
    expect(env(pod)).toMatchObject({ RAY_PORT: "1", RAY_CLUSTER_NAME: { fieldRef: {} } });
    const names = (ray(pod).env ?? []).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("clusters of a RayService have shorter timeouts", () => {
    expect(env(worker({ labels: fromService }))).toMatchObject({
      RAY_timeout_ms_task_wait_for_death_info: "0",
      RAY_gcs_server_request_timeout_seconds: "5",
      RAY_SERVE_KV_TIMEOUT_S: "5",
    });
  });

  it("a token comes from the Secret, unless the user brings his own", () => {
    const spec = { rayVersion: "2.53.0", authOptions: { mode: "token" } };
    expect(env(head({ spec })).RAY_AUTH_TOKEN).toEqual({ secretKeyRef: { name: "sample", key: "auth_token" } });
    expect(worker({ spec }).spec?.initContainers?.[0]?.env).toContainEqual({ name: "RAY_AUTH_MODE", value: "token" });
    const own = env(head({ spec, headContainer: { env: [{ name: "RAY_AUTH_TOKEN", value: "t" }] } }));
    expect(own).toMatchObject({ RAY_AUTH_TOKEN: "t" });
    expect(own.RAY_AUTH_MODE).toBeUndefined();
  });

  it("the dashboard answers to every name of its Service", () => {
    expect(env(head({ labels: fromService })).MANTA_ALLOWED_HOSTS).toBe(
      "sample-head-svc,sample-head-svc.default,sample-head-svc.default.svc.cluster.local," +
        "rayservice-head-svc,rayservice-head-svc.default,rayservice-head-svc.default.svc.cluster.local",
    );
  });
});

describe("pods: fault tolerance", () => {
  it("annotation mode", () => {
    const sketch = {
      annotations: { [annotations.ftEnabled]: "true", [annotations.externalStorageNamespace]: "blue" },
      head: { rayStartParams: { "redis-password": "secret" } },
      headContainer: { env: [{ name: "RAY_REDIS_ADDRESS", value: "redis:6379" }] },
    };
    expect(env(head(sketch))).toMatchObject({ RAY_external_storage_namespace: "blue", REDIS_PASSWORD: "secret" });
    expect(head(sketch).metadata?.annotations).toMatchObject({
      "ray.io/ft-enabled": "true",
      "ray.io/external-storage-namespace": "blue",
    });
    expect(env(worker(sketch)).RAY_external_storage_namespace).toBeUndefined();
  });

  it("annotation mode: a password from a variable", () => {
    expect(passwordOf("$REDIS_PASSWORD")).toBeUndefined();
    expect(passwordOf("$OTHER")).toBe("$(OTHER)");
  });

  it("options mode", () => {
    const secret = { secretKeyRef: { name: "s", key: "password" } };
    const options = { redisAddress: "redis:6379", redisUsername: { value: "u" }, redisPassword: { valueFrom: secret } };
    const pod = head({ spec: { gcsFaultToleranceOptions: options } });
    expect(env(pod)).toMatchObject({
      RAY_REDIS_ADDRESS: "redis:6379",
      REDIS_USERNAME: "u",
      REDIS_PASSWORD: secret,
      RAY_external_storage_namespace: "uid-1",
    });
    expect(ray(pod).args?.[0]).toContain("--redis-password=$REDIS_PASSWORD ");
    expect(pod.metadata?.annotations?.["ray.io/external-storage-namespace"]).toBe("uid-1");
  });

  it("workers stay without a head for as long as it takes, unless the operator is told otherwise", () => {
    const name = "RAY_gcs_rpc_server_reconnect_timeout_s";
    expect(env(worker({ spec: withRedis }))[name]).toBeUndefined();
    expect(env(worker({ spec: withRedis }, { workerReconnectTimeoutSeconds: 600 }))[name]).toBe("600");
    expect(env(worker({}, { workerReconnectTimeoutSeconds: 600 }))[name]).toBeUndefined();
  });

  it("embedded: a volume at the store's path", () => {
    const storage = { storage: { subPath: "a" } };
    const pod = head({ spec: { gcsFaultToleranceOptions: { backend: "rocksdb", ...storage } } });
    expect(env(pod)).toMatchObject({ RAY_gcs_storage: "rocksdb", RAY_gcs_storage_path: "/data/gcs" });
    expect(ray(pod).volumeMounts).toContainEqual({ name: "gcs-storage", mountPath: "/data/gcs", subPath: "a" });
    expect(pod.spec?.volumes).toContainEqual({
      name: "gcs-storage",
      persistentVolumeClaim: { claimName: "sample-gcs-pvc" },
    });
    expect(
      worker({ spec: { gcsFaultToleranceOptions: { backend: "rocksdb" } } }).spec?.volumes ?? [],
    ).not.toContainEqual(expect.objectContaining({ name: "gcs-storage" }));
  });
});

describe("pods: volumes and init containers", () => {
  it("shared memory is as large as the container's memory", () => {
    const pod = head({ headContainer: { resources: { limits: { memory: "5Gi" } } } });
    expect(pod.spec?.volumes).toContainEqual({ name: "shared-mem", emptyDir: { medium: "Memory", sizeLimit: "5Gi" } });
    expect(ray(pod).volumeMounts).toContainEqual({ name: "shared-mem", mountPath: "/dev/shm" });
  });

  it("no shared memory with plasma-directory, or where something is mounted", () => {
    expect(volumeNames(head({ head: { rayStartParams: { "plasma-directory": "/x" } } }))).not.toContain("shared-mem");
    expect(
      volumeNames(head({ headContainer: { volumeMounts: [{ name: "mine", mountPath: "/dev/shm/" }] } })),
    ).not.toContain("shared-mem");
  });

  it("a worker waits for the head, after the user's own init containers", () => {
    const groups = [
      workerGroup("small", {
        template: {
          spec: {
            containers: [{ name: "r", image: "img", imagePullPolicy: "Never" }],
            initContainers: [{ name: "own" }],
          },
        },
      }),
    ];
    const [own, wait] = worker({ groups }).spec?.initContainers ?? [];
    expect(own).toMatchObject({
      name: "own",
      env: expect.arrayContaining([{ name: "RAY_IP", value: "sample-head-svc" }]),
    });
    expect(wait).toMatchObject({ name: "wait-gcs-ready", image: "img", imagePullPolicy: "Never" });
    expect(wait?.args?.[0]).toContain("ray health-check --address sample-head-svc.default.svc.cluster.local:6379");
    expect(head().spec?.initContainers).toBeUndefined();
    expect(worker({}, { injectInitContainer: false }).spec?.initContainers).toBeUndefined();
  });

  it("the metrics port is named", () => {
    expect(ray(worker()).ports).toEqual([{ name: "metrics", containerPort: 8080 }]);
  });
});

describe("pods: life", () => {
  it("autoscaler v2 forbids restarts", () => {
    const spec = { rayVersion: "2.52.0", enableInTreeAutoscaling: true, autoscalerOptions: { version: "v2" } };
    expect(head({ spec }).spec?.restartPolicy).toBe("Never");
    expect(worker({ spec }).spec?.restartPolicy).toBe("Never");
    expect(env(head({ spec })).RAY_enable_autoscaler_v2).toBe("true");
    expect(ray(head({ spec })).args?.[0]).toContain("--no-monitor");
    expect(head().spec?.restartPolicy).toBeUndefined();
  });

  it("grace and drain follow from each other", () => {
    expect(worker().spec?.terminationGracePeriodSeconds).toBe(30);
    const drain = { env: [{ name: "MANTA_DRAIN_TIMEOUT_S", value: "150" }] };
    expect(worker({ workerContainer: drain }).spec?.terminationGracePeriodSeconds).toBe(155);
    const longer = head({ headPod: { terminationGracePeriodSeconds: 120 } });
    expect(longer.spec?.terminationGracePeriodSeconds).toBe(120);
    expect(env(longer).MANTA_DRAIN_TIMEOUT_S).toBe("115");
  });

  it("spreads over machines unless the user says how", () => {
    expect(worker().spec?.topologySpreadConstraints).toMatchObject([
      { whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: { "ray.io/group": "small" } } },
    ]);
    expect(head({ headPod: { topologySpreadConstraints: [] } }).spec?.topologySpreadConstraints).toEqual([]);
    expect(
      worker({ annotations: { [annotations.topologySpread]: "false" } }).spec?.topologySpreadConstraints,
    ).toBeUndefined();
  });

  it("a head leaves a lost node soon", () => {
    expect(head().spec?.tolerations).toEqual(
      ["not-ready", "unreachable"].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 30,
      })),
    );
  });
});

describe("pods: security", () => {
  it("fit the restricted standard", () => {
    for (const pod of [head(), worker()]) {
      expect(pod.spec?.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(pod.spec?.automountServiceAccountToken).toBe(false);
      for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
        });
      }
      expect(ray(pod).securityContext?.readOnlyRootFilesystem).toBe(true);
      expect(ray(pod).volumeMounts).toContainEqual({ name: "tmp", mountPath: "/tmp" });
    }
  });

  it("what the user says stays", () => {
    const pod = head({
      headPod: { securityContext: { runAsUser: 0 }, serviceAccountName: "sa" },
      headContainer: { securityContext: { privileged: true } },
    });
    expect(pod.spec?.securityContext).toMatchObject({ runAsUser: 0 });
    expect(pod.spec?.securityContext?.runAsNonRoot).toBeUndefined();
    expect(pod.spec?.automountServiceAccountToken).toBeUndefined();
    expect(ray(pod).securityContext).toEqual({ privileged: true });
  });

  it("can be left to others", () => {
    expect(head({}, { hardenPods: false }).spec?.securityContext).toBeUndefined();
  });
});
