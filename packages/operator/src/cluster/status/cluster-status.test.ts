import { describe, expect, it } from "vitest";
import { annotations } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { RayClusterStatus } from "../../api/ray-cluster-status.ts";
import { KubeError } from "../../kube/kube-error.ts";
import type { ScopeError } from "../../kube/plan.ts";
import { resources } from "../../kube/resources.ts";
import { buildHeadService } from "../build/head-service.ts";
import { defaultClusterOptions } from "../cluster-options.ts";
import { observedCluster, storedAs } from "../fixtures/observed.ts";
import { headPod, podStatus, terminating, testNowMs, workerPod } from "../fixtures/pods.ts";
import { type ClusterSketch, oneStandby, rayCluster, withRedis, workerGroup } from "../fixtures/ray-cluster.ts";
import { clusterStatus } from "./cluster-status.ts";

type Pods = Parameters<typeof observedCluster>[1];

const statusOf = (
  cluster: RayCluster,
  pods: Pods,
  errors: ReadonlyMap<string, ScopeError> = new Map(),
  change: Parameters<typeof observedCluster>[2] = {},
): RayClusterStatus => {
  const status = clusterStatus(observedCluster(cluster, pods, change), errors, testNowMs);
  if (status === undefined) throw new Error("nothing to write");
  return status;
};

const whole = (cluster: RayCluster): Pods => [
  headPod(cluster),
  workerPod(cluster, "small", 0),
  workerPod(cluster, "small", 1),
];

const condition = (status: RayClusterStatus, type: string): string => {
  const found = status.conditions?.find((one) => one.type === type);
  return found === undefined ? "absent" : `${found.status}/${found.reason}`;
};

const failing = (scope: string, kind: "create" | "delete", message: string): ReadonlyMap<string, ScopeError> => {
  const action = { kind, scope, resource: resources.pods, object: {}, ref: { name: "x" } } as ScopeError["action"];
  return new Map([[scope, { scope, action, error: new KubeError(403, "Forbidden", message), skipped: 0 }]]);
};

const container = (limits: object, requests: object = {}): ClusterSketch["headContainer"] => ({
  resources: { limits, requests },
});

describe("status of a cluster", () => {
  it("all there: ready, provisioned, and nothing to write the next time", () => {
    const cluster = rayCluster();
    const status = statusOf(cluster, whole(cluster));
    expect(status).toMatchObject({
      state: "ready",
      desiredWorkerReplicas: 2,
      minWorkerReplicas: 0,
      maxWorkerReplicas: 10,
      readyWorkerReplicas: 2,
      availableWorkerReplicas: 2,
      observedGeneration: 1,
      lastUpdateTime: "2026-01-01T01:00:00Z",
      stateTransitionTimes: { ready: "2026-01-01T01:00:00Z" },
      head: { podIP: "10.0.0.1", podName: "head-1", serviceIP: "10.0.0.1", serviceName: "sample-head-svc" },
      endpoints: { client: "10001", dashboard: "8265", "gcs-server": "6379", metrics: "8080", serve: "8000" },
      scale: { replicas: 2, selector: "ray.io/cluster=sample,ray.io/group=small" },
    });
    expect(condition(status, "HeadPodReady")).toBe("True/HeadPodRunningAndReady");
    expect(condition(status, "RayClusterProvisioned")).toBe("True/AllPodRunningAndReadyFirstTime");
    const later = { ...cluster, status };
    expect(clusterStatus(observedCluster(later, whole(cluster)), new Map(), testNowMs + 60_000)).toBeUndefined();
  });

  it("tells that a newer spec was seen, even where nothing else differs", () => {
    const cluster = rayCluster();
    const status = statusOf(cluster, whole(cluster));
    const changed = { ...cluster, status, metadata: { ...cluster.metadata, generation: 7 } };
    expect(statusOf(changed, whole(cluster))).toEqual({ ...status, observedGeneration: 7 });
  });

  it("ready and provisioned stay when pods go", () => {
    const cluster = rayCluster();
    const later = { ...cluster, status: statusOf(cluster, whole(cluster)) };
    const status = statusOf(later, []);
    expect(status.state).toBe("ready");
    expect(condition(status, "RayClusterProvisioned")).toBe("True/AllPodRunningAndReadyFirstTime");
    expect(condition(status, "HeadPodReady")).toBe("False/HeadPodNotFound");
    expect(status.stateTransitionTimes).toEqual(later.status.stateTransitionTimes);
    expect(status.endpoints).toEqual(later.status.endpoints);
  });

  it.each([
    [
      "a pod that is not ready",
      (cluster: RayCluster) => [
        ...whole(cluster).slice(0, 2),
        workerPod(cluster, "small", 1, { status: podStatus.running }),
      ],
    ],
    ["a pod that is missing", (cluster: RayCluster) => whole(cluster).slice(0, 2)],
    [
      "a pod on its way out",
      (cluster: RayCluster) => [
        ...whole(cluster).slice(0, 2),
        workerPod(cluster, "small", 1, { metadata: terminating(1_000) }),
      ],
    ],
  ])("not ready: %s", (_, pods) => {
    const cluster = rayCluster();
    const status = statusOf(cluster, pods(cluster));
    expect(status.state).toBe("");
    expect(condition(status, "RayClusterProvisioned")).toBe("False/RayClusterPodsProvisioning");
  });
});

describe("figures of a cluster", () => {
  it("a standby belongs to what is wanted, and the leader is the head that is named", () => {
    const cluster = rayCluster({ spec: withRedis, annotations: oneStandby });
    expect(statusOf(cluster, whole(cluster)).state).toBe("");
    const pods = [headPod(cluster, { name: "standby", role: "standby" }), ...whole(cluster)];
    expect(statusOf(cluster, pods)).toMatchObject({ state: "ready", head: { podName: "head-1" } });
    expect(statusOf(cluster, pods.slice(0, 1)).head?.podName).toBe("standby");
  });

  it("counts hosts, leaves suspended groups out and stays within 32 bits", () => {
    const groups = [
      workerGroup("a", { replicas: 2, minReplicas: 1, maxReplicas: 2_147_483_647, numOfHosts: 4 }),
      workerGroup("b", { replicas: 3, suspend: true }),
    ];
    const status = statusOf(rayCluster({ groups }), []);
    expect(status).toMatchObject({ desiredWorkerReplicas: 8, minWorkerReplicas: 4, maxWorkerReplicas: 2_147_483_647 });
  });

  it("a Service with an address and node ports", () => {
    const cluster = rayCluster({ head: { serviceType: "NodePort" } });
    const service = storedAs(buildHeadService(cluster, defaultClusterOptions));
    const ports = [
      { name: "dashboard", port: 8265, targetPort: 8265, nodePort: 30_000 },
      { name: "x", port: 1, targetPort: "named" },
    ];
    const headService = { ...service, spec: { ...service.spec, clusterIP: "10.96.0.1", ports } };
    const status = statusOf(cluster, whole(cluster), new Map(), { headService });
    expect(status.head?.serviceIP).toBe("10.96.0.1");
    expect(status.endpoints).toEqual({ dashboard: "30000", x: "named" });
  });
});

describe("resources of a cluster", () => {
  it("requests, or limits where they are missing, of all wanted pods", () => {
    const groups = [
      workerGroup(
        "a",
        { replicas: 3, numOfHosts: 2 },
        { resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "2", "google.com/tpu": "4" } } },
      ),
      workerGroup(
        "b",
        { replicas: 9, maxReplicas: 1 },
        { resources: { limits: { "nvidia.com/gpu": "1", "nvidia.com/mig-1g.5gb": "2", "amd.com/gpu": "1" } } },
      ),
    ];
    const status = statusOf(rayCluster({ groups, headContainer: container({ cpu: "1", memory: "512Mi" }) ?? {} }), []);
    expect(status).toMatchObject({ desiredCPU: "4", desiredMemory: "6656Mi", desiredGPU: "4", desiredTPU: "24" });
  });

  it("none", () => {
    expect(statusOf(rayCluster(), [])).toMatchObject({
      desiredCPU: "0",
      desiredMemory: "0",
      desiredGPU: "0",
      desiredTPU: "0",
    });
  });
});

describe("conditions of a cluster", () => {
  it.each([
    ["no word of readiness", { phase: "Pending" }, "False/Unknown"],
    ["another reason", { conditions: [{ type: "Ready", status: "False", reason: "PodFailed" }] }, "False/PodFailed"],
    [
      "a container that waits",
      {
        conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady", message: "not ready" }],
        containerStatuses: [
          {
            name: "x",
            image: "",
            imageID: "",
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } },
          },
        ],
      },
      "False/ImagePullBackOff",
    ],
    ["a container that runs", podStatus.running, "False/ContainersNotReady"],
  ])("head: %s", (_, status, expected) => {
    const cluster = rayCluster();
    expect(condition(statusOf(cluster, [headPod(cluster, { status })]), "HeadPodReady")).toBe(expected);
  });

  it.each([
    ["head", "create", "FailedCreateHeadPod"],
    ["head", "delete", "FailedDeleteHeadPod"],
    ["group:a", "create", "FailedCreateWorkerPod"],
    ["group:a", "delete", "FailedDeleteWorkerPod"],
    ["pods", "delete", "FailedDeleteAllPods"],
  ] as const)("what failed in %s at %s is told: %s", (scope, kind, reason) => {
    const cluster = rayCluster();
    const status = statusOf(cluster, whole(cluster), failing(scope, kind, "exceeded quota"));
    expect(condition(status, "ReplicaFailure")).toBe(`True/${reason}`);
    expect(status.state).toBe("");
    expect(condition(statusOf({ ...cluster, status }, whole(cluster)), "ReplicaFailure")).toBe("absent");
  });

  it("an error of an Ingress keeps no cluster from being ready", () => {
    const cluster = rayCluster();
    const status = statusOf(cluster, whole(cluster), failing("Ingress:sample-head-ingress", "create", "denied"));
    expect(status.state).toBe("ready");
    expect(condition(status, "ReplicaFailure")).toBe("absent");
  });

  it("suspension step by step", () => {
    const running = rayCluster();
    const asked = { ...rayCluster({ spec: { suspend: true } }), status: statusOf(running, whole(running)) };
    const first = statusOf(asked, whole(asked));
    expect(condition(first, "RayClusterSuspending")).toBe("True/RayClusterSuspending");
    const leaving = [headPod(asked, { metadata: terminating(1_000) })];
    expect(condition(statusOf({ ...asked, status: first }, leaving), "RayClusterSuspended")).toBe("absent");
    const done = statusOf({ ...asked, status: first }, []);
    expect(done.state).toBe("suspended");
    expect(done.stateTransitionTimes).toMatchObject({ suspended: "2026-01-01T01:00:00Z" });
    expect(condition(done, "RayClusterSuspending")).toBe("False/RayClusterSuspending");
    expect(condition(done, "RayClusterSuspended")).toBe("True/RayClusterSuspended");
    expect(condition(done, "RayClusterProvisioned")).toBe("False/RayClusterPodsProvisioning");
    const resumed = statusOf({ ...running, status: done }, []);
    expect(condition(resumed, "RayClusterSuspended")).toBe("False/RayClusterSuspended");
    expect(resumed.state).toBe("");
  });

  it("a transition time changes with the status only", () => {
    const cluster = rayCluster({ annotations: { [annotations.topologySpread]: "false" } });
    const status = statusOf(cluster, []);
    const old = {
      ...status,
      conditions: (status.conditions ?? []).map((one) => ({ ...one, lastTransitionTime: "2025-01-01T00:00:00Z" })),
    };
    const next = statusOf({ ...cluster, status: old }, [headPod(cluster, { status: podStatus.pending })]);
    const times = Object.fromEntries((next.conditions ?? []).map((one) => [one.type, one.lastTransitionTime]));
    expect(times).toEqual({ HeadPodReady: "2025-01-01T00:00:00Z", RayClusterProvisioned: "2025-01-01T00:00:00Z" });
    expect(condition(next, "HeadPodReady")).toBe("False/Unknown");
  });
});
