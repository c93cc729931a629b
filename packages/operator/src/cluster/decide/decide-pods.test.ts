import { describe, expect, it } from "vitest";
import { annotations, finalizers, labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { actionsFor, created, deleted, observedCluster } from "../fixtures/observed.ts";
import { headPod, podStatus, terminating, workerPod } from "../fixtures/pods.ts";
import { type ClusterSketch, oneStandby, rayCluster, withRedis, workerGroup } from "../fixtures/ray-cluster.ts";
import { clusterLimits } from "../limits.ts";

const ft: ClusterSketch = { metadata: { finalizers: [finalizers.redisCleanup] }, spec: withRedis };
const noWorkers: ClusterSketch = { groups: [] };
const decide = (cluster: RayCluster, pods: Parameters<typeof observedCluster>[1]): ReturnType<typeof actionsFor> =>
  actionsFor(observedCluster(cluster, pods));

const group = (fields: object, more: ClusterSketch = {}): RayCluster =>
  rayCluster({ groups: [workerGroup("small", fields)], ...more });

const counts = (cluster: RayCluster, pods: Parameters<typeof observedCluster>[1]): [number, string[]] => {
  const actions = decide(cluster, [headPod(cluster), ...pods]);
  return [created(actions, "Pod").length, deleted(actions)];
};

const workers = (cluster: RayCluster, count: number): ReturnType<typeof workerPod>[] =>
  Array.from({ length: count }, (_, index) => workerPod(cluster, "small", index));

describe("head pods", () => {
  it.each([
    ["has failed", podStatus.failed, "Always", 1],
    ["has ended", { phase: "Succeeded" }, "Always", 1],
    ["has an ended Ray container and may not restart", podStatus.rayEnded, "Never", 1],
    ["has an ended Ray container that the kubelet restarts", podStatus.rayEnded, "Always", 0],
    ["is pending", podStatus.pending, "Never", 0],
    ["is not ready", podStatus.running, "Never", 0],
  ] as const)("one that %s", (_, status, restartPolicy, count) => {
    const cluster = rayCluster(noWorkers);
    const actions = decide(cluster, [headPod(cluster, { status, restartPolicy })]);
    expect(deleted(actions)).toHaveLength(count);
    // Its successor waits until it is gone.
    expect(created(actions, "Pod")).toEqual([]);
  });

  it("with Redis the successor does not wait for the end of the old one", () => {
    const cluster = rayCluster({ ...ft, ...noWorkers });
    const [creation] = created(decide(cluster, [headPod(cluster, { metadata: terminating(20_000) })]), "Pod");
    expect(creation?.object.metadata?.name).not.toBe("head-1");
    const failed = decide(cluster, [headPod(cluster, { status: podStatus.failed })]);
    expect(deleted(failed)).toEqual(["head-1"]);
    expect(created(failed, "Pod")).toHaveLength(1);
  });

  it("without Redis it waits, but not for a node that is lost", () => {
    for (const spec of [{}, { gcsFaultToleranceOptions: { backend: "rocksdb" } }]) {
      const cluster = rayCluster({ ...noWorkers, spec });
      const waiting = decide(cluster, [headPod(cluster, { metadata: terminating(20_000) })]);
      expect(waiting).toMatchObject([{ kind: "requeue", afterMs: 20_000 + clusterLimits.overduePodMs }]);
      const lost = decide(cluster, [headPod(cluster, { metadata: terminating(-clusterLimits.overduePodMs) })]);
      expect(created(lost, "Pod")).toHaveLength(1);
    }
  });

  it("of two the better one stays", () => {
    const cluster = rayCluster(noWorkers);
    const pods = [headPod(cluster, { status: podStatus.pending }), headPod(cluster, { name: "head-2" })];
    expect(deleted(decide(cluster, pods))).toEqual(["head-1"]);
  });

  it("one of another operator is a leader", () => {
    const cluster = rayCluster({ ...ft, ...noWorkers, annotations: oneStandby });
    const theirs = headPod(cluster);
    const { [labels.headRole]: _, ...others } = theirs.metadata.labels ?? {};
    const actions = decide(cluster, [{ ...theirs, metadata: { ...theirs.metadata, labels: others } }]);
    expect(created(actions, "Pod").map(({ object }) => object.metadata?.labels?.[labels.headRole])).toEqual([
      "standby",
    ]);
  });

  it("a provisioned cluster's head stays down where the user wants that", () => {
    const condition = {
      type: "RayClusterProvisioned",
      status: "True",
      reason: "r",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const stays = { ...noWorkers, annotations: { [annotations.disableProvisionedHeadRestart]: "true" } };
    expect(decide(rayCluster({ ...stays, status: { conditions: [condition] } }), [])).toEqual([]);
    expect(created(decide(rayCluster(stays), []), "Pod")).toHaveLength(1);
  });

  it("with a fixed name the successor waits for the name, with Redis too", () => {
    const cluster = rayCluster({ ...ft, ...noWorkers });
    const old = headPod(cluster, { name: "sample-head", metadata: terminating(5_000) });
    const options = { deterministicHeadPodName: true };
    expect(actionsFor(observedCluster(cluster, [old]), options)).toMatchObject([{ kind: "requeue" }]);
    expect(created(actionsFor(observedCluster(cluster, []), options), "Pod")[0]?.object.metadata?.name).toBe(
      "sample-head",
    );
  });
});

describe("worker pods", () => {
  it.each([
    ["too few", { replicas: 3 }, 1, 2, []],
    ["as many as wanted", { replicas: 2 }, 2, 0, []],
    ["too many", { replicas: 1 }, 3, 0, ["small-1", "small-2"]],
    ["replicas above the most", { replicas: 9, maxReplicas: 2 }, 0, 2, []],
    ["replicas below the least", { replicas: 0, minReplicas: 2 }, 0, 2, []],
    ["no replicas said", { replicas: undefined, minReplicas: 1 }, 0, 1, []],
    ["suspended", { replicas: 2, suspend: true }, 2, 0, ["small-0", "small-1"]],
    ["no hosts", { replicas: 2, numOfHosts: 0 }, 1, 0, ["small-0"]],
  ] as const)("%s", (_, fields, present, creations, deletions) => {
    const cluster = group({ ...fields });
    const [create, remove] = counts(cluster, workers(cluster, present));
    expect(create).toBe(creations);
    expect(remove.toSorted()).toEqual(deletions);
  });

  it("not ready ones go first, then pending ones before running ones, then the newest", () => {
    const cluster = group({ replicas: 1 });
    const pods = [
      workerPod(cluster, "small", 0, { status: podStatus.pending }),
      workerPod(cluster, "small", 1),
      workerPod(cluster, "small", 2, { status: podStatus.running }),
      workerPod(cluster, "small", 3),
    ];
    expect(counts(cluster, pods)).toEqual([0, ["small-3", "small-2", "small-0"]]);
  });

  it("pods on their way out count for nothing: no more than the difference is deleted", () => {
    const cluster = group({ replicas: 2 });
    const [first, second, third] = workers(cluster, 3);
    const leaving = {
      ...third,
      metadata: { ...third?.metadata, ...terminating(5_000), finalizers: ["held"] },
    } as NonNullable<typeof third>;
    expect(counts(cluster, [first, second, leaving] as NonNullable<typeof first>[])).toEqual([0, []]);
    expect(counts(cluster, [first, leaving] as NonNullable<typeof first>[])).toEqual([1, []]);
  });

  it("broken ones are replaced in the same pass", () => {
    const cluster = group({ replicas: 2 });
    const pods = [workerPod(cluster, "small", 0, { status: podStatus.failed }), workerPod(cluster, "small", 1)];
    expect(counts(cluster, pods)).toEqual([1, ["small-0"]]);
  });

  it("one bad group does not block the others", () => {
    const cluster = rayCluster({ groups: [workerGroup("a"), workerGroup("b")] });
    const actions = decide(cluster, [headPod(cluster), workerPod(cluster, "a", 0, { status: podStatus.failed })]);
    expect(actions.map((action) => [action.kind, action.scope])).toEqual([
      ["delete", "group:a"],
      ["create", "group:a"],
      ["create", "group:b"],
    ]);
  });

  it("pods of a removed group go", () => {
    const before = rayCluster({ groups: [workerGroup("a"), workerGroup("b")] });
    const cluster = rayCluster({ groups: [workerGroup("a")] });
    const pods = [headPod(cluster), workerPod(before, "a", 0), workerPod(before, "b", 0)];
    expect(deleted(decide(cluster, pods))).toEqual(["b-0"]);
  });

  it("new pods fill the lowest free numbers", () => {
    const cluster = group({ replicas: 4 });
    const pods = [workerPod(cluster, "small", 0), workerPod(cluster, "small", 2)];
    const actions = decide(cluster, [headPod(cluster), ...pods]);
    expect(created(actions, "Pod").map(({ object }) => object.metadata?.labels?.[labels.replicaIndex])).toEqual([
      "1",
      "3",
    ]);
  });

  it("a huge group is made in steps", () => {
    const cluster = group({ replicas: 1_000, maxReplicas: 1_000 });
    const actions = decide(cluster, [headPod(cluster)]);
    expect(created(actions, "Pod")).toHaveLength(clusterLimits.podWritesPerPass);
    expect(actions.at(-1)).toMatchObject({ kind: "requeue", afterMs: clusterLimits.moreWritesRequeueMs });
  });
});

describe("workersToDelete", () => {
  const scaleStrategy = { workersToDelete: ["small-1", "head-1", "other"] };

  it("deletes pods of the group only", () => {
    const cluster = group({ replicas: 1, scaleStrategy });
    expect(counts(cluster, workers(cluster, 2))).toEqual([0, ["small-1"]]);
  });

  it("without fewer replicas another one takes the place, under another name", () => {
    const cluster = group({ replicas: 2, scaleStrategy });
    expect(counts(cluster, workers(cluster, 2))).toEqual([1, ["small-1"]]);
  });

  it("with autoscaling nobody else is deleted, unless the operator may choose", () => {
    const autoscaling = { spec: { enableInTreeAutoscaling: true, rayVersion: "2.52.0" } };
    const cluster = group({ replicas: 1, scaleStrategy }, autoscaling);
    const observed = observedCluster(cluster, [headPod(cluster), ...workers(cluster, 4)]);
    expect(deleted(actionsFor(observed))).toEqual(["small-1"]);
    expect(deleted(actionsFor(observed, { randomPodDelete: true })).toSorted()).toEqual([
      "small-1",
      "small-2",
      "small-3",
    ]);
  });

  it("a new pod never has a name that is on the list", () => {
    const cluster = group({ replicas: 1 });
    const [name = ""] = created(decide(cluster, [headPod(cluster)]), "Pod").map(
      ({ object }) => object.metadata?.name ?? "",
    );
    const listed = group({ replicas: 1, scaleStrategy: { workersToDelete: [name] } });
    const [other] = created(decide(listed, [headPod(listed)]), "Pod");
    expect(other?.object.metadata?.name).not.toBe(name);
  });
});

describe("replicas of several hosts", () => {
  const cluster = rayCluster({ groups: [workerGroup("tpu", { replicas: 2, numOfHosts: 2 })] });
  const replica = (index: number, hosts = 2, status: object = podStatus.ready): ReturnType<typeof workerPod>[] =>
    Array.from({ length: hosts }, (_, host) =>
      workerPod(cluster, "tpu", index, { host: { replicaName: `tpu-${index}`, index: host }, status }),
    );

  it("pods of one replica share a name and have numbers", () => {
    const marks = created(decide(cluster, [headPod(cluster)]), "Pod").map(
      ({ object }) => object.metadata?.labels ?? {},
    );
    expect(marks.map((mark) => [mark[labels.replicaIndex], mark[labels.replicaHostIndex]])).toEqual([
      ["0", "0"],
      ["0", "1"],
      ["1", "0"],
      ["1", "1"],
    ]);
    const names = marks.map((mark) => mark[labels.replicaName]);
    expect(names[0]).toMatch(/^tpu-[a-z0-9]{5}$/);
    expect(names[0]).toBe(names[1]);
    expect(names[0]).not.toBe(names[2]);
  });

  it("whole replicas are there: nothing to do", () => {
    expect(decide(cluster, [headPod(cluster), ...replica(0), ...replica(1)])).toEqual([]);
  });

  it("one pod that is missing or broken takes its replica with it", () => {
    for (const rest of [replica(0, 1), [...replica(0, 1, podStatus.failed), ...replica(0).slice(1)]]) {
      const actions = decide(cluster, [headPod(cluster), ...rest, ...replica(1)]);
      expect(deleted(actions)).toHaveLength(rest.length);
      expect(created(actions, "Pod")).toHaveLength(2);
      expect(created(actions, "Pod")[0]?.object.metadata?.labels?.[labels.replicaIndex]).toBe("0");
    }
  });

  it("scales by replicas", () => {
    const pods = [headPod(cluster), ...replica(0), ...replica(1), ...replica(2)];
    expect(deleted(decide(cluster, pods))).toEqual(expect.arrayContaining(["tpu-2-0", "tpu-2-1"]));
    expect(deleted(decide(cluster, pods))).toHaveLength(2);
  });

  it("workersToDelete takes the replica of a named pod", () => {
    const named = rayCluster({
      groups: [workerGroup("tpu", { replicas: 1, numOfHosts: 2, scaleStrategy: { workersToDelete: ["tpu-0-1"] } })],
    });
    expect(deleted(decide(named, [headPod(named), ...replica(0), ...replica(1)])).toSorted()).toEqual([
      "tpu-0-0",
      "tpu-0-1",
    ]);
  });
});
