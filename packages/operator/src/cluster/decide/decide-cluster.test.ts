import type { Ingress } from "kubernetes-types/networking/v1.d.ts";
import { describe, expect, it } from "vitest";
import { annotations, finalizers, labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { buildHeadService } from "../build/head-service.ts";
import { buildIngress } from "../build/ingress.ts";
import { defaultClusterOptions } from "../cluster-options.ts";
import { actionsFor, created, deleted, observedCluster, storedAs } from "../fixtures/observed.ts";
import { headPod, podStatus, terminating, testNowMs, workerPod } from "../fixtures/pods.ts";
import { type ClusterSketch, oneStandby, rayCluster, withRedis, workerGroup } from "../fixtures/ray-cluster.ts";

const withFinalizer = { metadata: { finalizers: [finalizers.redisCleanup] }, spec: withRedis } as const;
const ofTwo = (sketch: ClusterSketch = {}): RayCluster => rayCluster(sketch);
const whole = (cluster: RayCluster): ReturnType<typeof headPod>[] => [
  headPod(cluster),
  workerPod(cluster, "small", 0),
  workerPod(cluster, "small", 1),
];

const deleting = (age: number): RayCluster =>
  ofTwo({
    ...withFinalizer,
    metadata: {
      finalizers: ["other", finalizers.redisCleanup],
      deletionTimestamp: terminating(-age).deletionTimestamp,
    },
  });

const jobThatIs = (type: string): object => ({
  ...storedAs({
    kind: "Job",
    metadata: {
      name: "sample-redis-cleanup",
      ownerReferences: [
        { apiVersion: "ray.io/v1", kind: "RayCluster", name: "sample", uid: "uid-1", controller: true },
      ],
    },
  }),
  status: { conditions: [{ type, status: "True" }] },
});

describe("a cluster as a whole", () => {
  it("unchanged: nothing to do", () => {
    const cluster = ofTwo();
    expect(actionsFor(observedCluster(cluster, whole(cluster)))).toEqual([]);
  });

  it("new: services, guards, head and workers in one pass", () => {
    const cluster = ofTwo();
    const nothing = { headService: undefined, budgets: [], networkPolicies: [] };
    const actions = actionsFor(observedCluster(cluster, [], nothing));
    expect(actions.map((action) => ("resource" in action ? action.resource.kind : action.kind))).toEqual([
      "Service",
      "NetworkPolicy",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "PodDisruptionBudget",
      "Pod",
      "Pod",
      "Pod",
    ]);
  });

  it("with Redis the finalizer is there before anything else", () => {
    const actions = actionsFor(observedCluster(ofTwo({ spec: withRedis }), [], { headService: undefined }));
    expect(actions).toMatchObject([
      { kind: "patch", patch: { body: { metadata: { finalizers: [finalizers.redisCleanup], resourceVersion: "1" } } } },
    ]);
    expect(actionsFor(observedCluster(ofTwo({ spec: withRedis }), []), { redisCleanup: false })).not.toEqual(actions);
  });

  it("a token comes before the first pod that needs it", () => {
    const cluster = ofTwo({ spec: { rayVersion: "2.53.0", authOptions: { mode: "token" } } });
    const kinds = actionsFor(observedCluster(cluster, [])).map(
      (action) => "resource" in action && action.resource.kind,
    );
    expect(kinds.slice(0, 2)).toEqual(["Secret", "Pod"]);
    expect(created(actionsFor(observedCluster(cluster, whole(cluster))), "Secret")).toEqual([]);
  });

  it("the same decision names the same pods", () => {
    const cluster = ofTwo();
    const names = (): unknown =>
      created(actionsFor(observedCluster(cluster, [])), "Pod").map(({ object }) => object.metadata?.name);
    expect(names()).toEqual(names());
    expect(names()).toEqual([
      expect.stringMatching(/^sample-head-[a-z0-9]{5}$/),
      expect.stringMatching(/^sample-small-worker-[a-z0-9]{5}$/),
      expect.stringMatching(/^sample-small-worker-[a-z0-9]{5}$/),
    ]);
  });

  it("what the caches do not show yet is waited for, group by group", () => {
    const cluster = ofTwo({ groups: [workerGroup("a"), workerGroup("b")] });
    const actions = actionsFor(
      observedCluster(cluster, [headPod(cluster)]),
      {},
      { waitMs: (group) => (group === "group:a" ? 700 : 0) },
    );
    expect(actions).toMatchObject([
      { kind: "requeue", scope: "group:a", afterMs: 700 },
      { kind: "create", scope: "group:b" },
    ]);
  });
});

describe("objects beside pods", () => {
  it("what somebody has changed is changed back", () => {
    const cluster = ofTwo();
    const service = storedAs(buildHeadService(cluster, defaultClusterOptions));
    const changed = { ...service, spec: { ...service.spec, selector: { wrong: "1" } } };
    expect(actionsFor(observedCluster(cluster, whole(cluster), { headService: changed }))).toMatchObject([
      {
        kind: "patch",
        ref: { name: "sample-head-svc" },
        patch: { body: { spec: { selector: { "ray.io/cluster": "sample" } } } },
      },
    ]);
  });

  it("what the server has filled in is no change", () => {
    const cluster = ofTwo();
    const service = storedAs(buildHeadService(cluster, defaultClusterOptions));
    const filled = {
      ...service,
      spec: { ...service.spec, clusterIPs: ["None"], sessionAffinity: "None", ipFamilies: ["IPv4"] },
    };
    expect(actionsFor(observedCluster(cluster, whole(cluster), { headService: filled }))).toEqual([]);
  });

  it("a Service that gets an address is made anew, for the API refuses the change", () => {
    const cluster = ofTwo();
    const headService = storedAs(buildHeadService(cluster, { ...defaultClusterOptions, headClusterIp: true }));
    expect(deleted(actionsFor(observedCluster(cluster, whole(cluster), { headService })))).toEqual(["sample-head-svc"]);
  });

  it("an Ingress of somebody else's is told about and left alone", () => {
    const cluster = ofTwo({ head: { enableIngress: true } });
    const observed = observedCluster(cluster, whole(cluster));
    const theirs = storedAs<Ingress>({ ...buildIngress(cluster), metadata: { name: "sample-head-ingress" } });
    const actions = actionsFor({ ...observed, ingress: theirs });
    expect(actions).toMatchObject([{ kind: "event", text: { type: "Warning", reason: "FailedToCreateIngress" } }]);
  });

  it("an Ingress that is no longer wanted goes, and so does a policy of a removed group", () => {
    const before = ofTwo({ head: { enableIngress: true }, groups: [workerGroup("a"), workerGroup("b")] });
    const { ingress, networkPolicies } = observedCluster(before, []);
    const cluster = ofTwo({ groups: [workerGroup("a")] });
    const pods = [headPod(cluster), workerPod(cluster, "a", 0)];
    const actions = actionsFor(observedCluster(cluster, pods, { ingress, networkPolicies }));
    expect(deleted(actions)).toEqual(["sample-head-ingress", "sample-workers-b"]);
  });

  it("a serve Service without a port for it stops nothing else", () => {
    const ports = [{ containerPort: 6379, name: "gcs-server" }];
    const cluster = ofTwo({ annotations: { [annotations.enableServeService]: "true" }, headContainer: { ports } });
    const actions = actionsFor(observedCluster(cluster, []));
    expect(actions.find(({ kind }) => kind === "event")).toMatchObject({ text: { reason: "FailedToCreateService" } });
    expect(created(actions, "Pod")).toHaveLength(3);
  });

  it("workers that are never Ready do not use the budget up", () => {
    const cluster = ofTwo();
    const idle = { ...podStatus.ready, conditions: [{ type: "Ready", status: "False" }] };
    const pods = [headPod(cluster), workerPod(cluster, "small", 0, { status: idle }), workerPod(cluster, "small", 1)];
    expect(actionsFor(observedCluster(cluster, pods))).toMatchObject([
      { kind: "patch", ref: { name: "sample-workers" }, patch: { body: { spec: { minAvailable: 0 } } } },
    ]);
  });
});

describe("suspension", () => {
  const suspending = [
    {
      type: "RayClusterSuspending",
      status: "True",
      reason: "r",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    },
  ];
  const suspended = [{ ...suspending[0], type: "RayClusterSuspended" }];

  it("begins with the status alone", () => {
    const cluster = ofTwo({ spec: { suspend: true } });
    expect(actionsFor(observedCluster(cluster, whole(cluster)))).toEqual([]);
  });

  it("deletes all pods, also when it was taken back meanwhile", () => {
    for (const suspend of [true, false]) {
      const cluster = ofTwo({ spec: { suspend }, status: { conditions: suspending } });
      const actions = actionsFor(observedCluster(cluster, whole(cluster)));
      expect(deleted(actions)).toEqual(["small-0", "small-1", "head-1"]);
      expect(actions[0]).toMatchObject({ onDone: { reason: "DeletedPod" } });
    }
  });

  it("makes pods again once it is over", () => {
    const cluster = ofTwo({ spec: { suspend: true }, status: { conditions: suspended } });
    expect(actionsFor(observedCluster(cluster, []))).toEqual([]);
    expect(
      created(actionsFor(observedCluster({ ...cluster, spec: { ...cluster.spec, suspend: false } }, [])), "Pod"),
    ).toHaveLength(3);
  });
});

describe("upgrade strategy Recreate", () => {
  const recreate = { upgradeStrategy: { type: "Recreate" } };
  const former = ofTwo({ spec: { ...recreate, rayVersion: "2.50.0" } });

  it("a changed spec deletes all pods, the head last", () => {
    const cluster = ofTwo({ spec: { ...recreate, rayVersion: "2.52.0" } });
    const actions = actionsFor(observedCluster(cluster, whole(former)));
    expect(deleted(actions)).toEqual(["small-0", "small-1", "head-1"]);
    expect(created(actions, "Pod")).toEqual([]);
  });

  it("counts of workers are no change", () => {
    const cluster = ofTwo({
      spec: { ...recreate, rayVersion: "2.50.0" },
      groups: [workerGroup("small", { replicas: 2, maxReplicas: 50 })],
    });
    expect(actionsFor(observedCluster(cluster, whole(former)))).toEqual([]);
  });

  it("the hash of another operator is replaced, not compared", () => {
    const pods = whole(former).map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [annotations.recreateHash]: "ABCDEF" } },
    }));
    expect(actionsFor(observedCluster(former, pods))).toMatchObject([{ kind: "patch", ref: { name: "head-1" } }]);
  });

  it("workers of the former template go, though the head that told of it is gone", () => {
    const cluster = ofTwo({ spec: { ...recreate, rayVersion: "2.52.0" } });
    const pods = [headPod(cluster), workerPod(former, "small", 0), workerPod(cluster, "small", 1)];
    const actions = actionsFor(observedCluster(cluster, pods));
    expect(deleted(actions)).toEqual(["small-0"]);
    expect(created(actions, "Pod")).toHaveLength(1);
  });

  it("strategy None leaves pods alone", () => {
    const cluster = ofTwo({ spec: { rayVersion: "2.52.0" } });
    expect(actionsFor(observedCluster(cluster, whole(former)))).toEqual([]);
  });
});

describe("rolling update", () => {
  const rolling = { annotations: { [annotations.rollingUpdate]: "true" } };
  const former = ofTwo({ ...rolling, ...withFinalizer });
  const cluster = ofTwo({ ...rolling, ...withFinalizer, spec: { ...withRedis, rayVersion: "2.52.0" } });

  it("a new head first, then the old one goes, then the workers", () => {
    const first = actionsFor(observedCluster(cluster, whole(former)));
    expect(created(first, "Pod").map(({ object }) => object.metadata?.labels?.[labels.nodeType])).toEqual(["head"]);
    expect(deleted(first)).toEqual([]);
    const newHead = headPod(cluster, { name: "head-2" });
    expect(deleted(actionsFor(observedCluster(cluster, [...whole(former), newHead])))).toEqual(["head-1"]);
    const workers = actionsFor(observedCluster(cluster, [newHead, ...whole(former).slice(1)]));
    expect(created(workers, "Pod")).toHaveLength(1);
    expect(deleted(workers)).toEqual([]);
  });

  it("without a store for two heads the old one goes first", () => {
    const alone = ofTwo({ ...rolling, spec: { rayVersion: "2.52.0" } });
    const actions = actionsFor(observedCluster(alone, whole(ofTwo(rolling))));
    expect(deleted(actions)).toEqual(["head-1"]);
    expect(created(actions, "Pod")).toEqual([]);
  });
});

describe("deletion", () => {
  const withoutOurs = { kind: "patch", patch: { body: { metadata: { finalizers: ["other"] } } } };

  it("heads first, then workers; the job once the heads are gone", () => {
    const cluster = deleting(1_000);
    const actions = actionsFor(observedCluster(cluster, whole(cluster)));
    expect(deleted(actions)).toEqual(["head-1", "small-0", "small-1"]);
    expect(created(actions, "Job")).toEqual([]);
    expect(created(actionsFor(observedCluster(cluster, [])), "Job")).toHaveLength(1);
  });

  it.each(["Complete", "Failed", "FailureTarget"])("a job that is %s lets the cluster go", (type) => {
    const observed = observedCluster(deleting(1_000), [], { cleanupJob: jobThatIs(type) as never });
    expect(actionsFor(observed).at(-1)).toMatchObject(withoutOurs);
  });

  it("a job that runs is waited for", () => {
    const observed = observedCluster(deleting(1_000), [], { cleanupJob: jobThatIs("Suspended") as never });
    expect(actionsFor(observed)).toMatchObject([{ kind: "requeue", afterMs: 2_000 }]);
  });

  it.each([
    ["CreateContainerConfigError", 20_000, true],
    ["CreateContainerConfigError", 5_000, false],
    ["ContainerCreating", 200_000, false],
  ])("a job whose pod waits (%s) for %d ms lets the cluster go: %s", (reason, forMs, goes) => {
    const creationTimestamp = new Date(testNowMs - forMs).toISOString();
    const waiting = { reason, message: 'secret "redis-password" not found' };
    const cleanupPod = { metadata: { creationTimestamp }, status: { containerStatuses: [{ state: { waiting } }] } };
    const parts = { cleanupJob: jobThatIs("Suspended") as never, cleanupPod: cleanupPod as never };
    const actions = actionsFor(observedCluster(deleting(1_000), [], parts));
    const goodbye = [{ text: { reason: "RedisCleanupFailed" } }, withoutOurs];
    expect(actions).toMatchObject(goes ? goodbye : [{ kind: "requeue" }]);
    expect(JSON.stringify(actions).includes("not found")).toBe(goes);
  });

  it("a head that does not end is not waited for without end", () => {
    const cluster = deleting(60_000);
    const stuck = (ms: number): ReturnType<typeof actionsFor> =>
      actionsFor(observedCluster(cluster, [headPod(cluster, { metadata: terminating(ms) })]));
    expect(stuck(-1_000)).toMatchObject([{ kind: "requeue", afterMs: 10_000 }]);
    expect(created(stuck(-20_000), "Job")).toHaveLength(1);
  });

  it("after the time-out it goes whatever there is", () => {
    const cluster = deleting(301_000);
    expect(actionsFor(observedCluster(cluster, whole(cluster)))).toMatchObject([
      withoutOurs,
      { kind: "event", text: { reason: "ForceDeletedStuckCluster" } },
    ]);
    const sooner = {
      ...cluster,
      metadata: { ...deleting(11_000).metadata, annotations: { [annotations.gcsFtDeletionTimeout]: "10" } },
    };
    expect(actionsFor(observedCluster(sooner, []))[0]).toMatchObject(withoutOurs);
  });

  it("a finalizer without Redis is dropped; without a finalizer the garbage collector does it all", () => {
    const stale = ofTwo({ metadata: deleting(0).metadata });
    expect(actionsFor(observedCluster(stale, whole(stale)))).toMatchObject([withoutOurs]);
    const none = ofTwo({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
    expect(actionsFor(observedCluster(none, whole(none)))).toEqual([]);
  });
});

describe("standby heads", () => {
  it("one more head that follows, only with Redis", () => {
    const cluster = ofTwo({ ...withFinalizer, annotations: oneStandby });
    const pods = created(actionsFor(observedCluster(cluster, [])), "Pod").map(
      ({ object }) => object.metadata?.labels?.[labels.headRole],
    );
    expect(pods.filter((role) => role !== undefined)).toEqual(["leader", "standby"]);
    expect(created(actionsFor(observedCluster(ofTwo({ annotations: oneStandby }), [])), "Pod")).toHaveLength(3);
  });
});
