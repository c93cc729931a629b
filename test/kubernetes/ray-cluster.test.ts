import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rayCluster, type ServiceOptions } from "./kit/manifests.ts";
import { conditionOf, ServeKit } from "./kit/serve-kit.ts";

const timeoutMs = 90_000;
const plain: ServiceOptions = { name: "plain", workers: 2 };

// Several waits each, on cores that others may have.
vi.setConfig({ testTimeout: 3 * timeoutMs, hookTimeout: 3 * timeoutMs });

let kit: ServeKit;

beforeAll(async () => {
  kit = await ServeKit.start();
  await apply({});
  await ready();
});
afterAll(() => kit.close());

const apply = (changes: Partial<ServiceOptions>): Promise<string> => kit.apply(rayCluster({ ...plain, ...changes }));

/** The state stays "ready" while pods are replaced, so the pods are asked too. */
const ready = (workers = 2): Promise<unknown> =>
  kit.untilCluster("plain", `plain to be ready with ${workers} workers`, (cluster) => {
    const { metadata, status } = cluster;
    return (
      status?.observedGeneration === metadata.generation &&
      status?.state === "ready" &&
      status.readyWorkerReplicas === workers &&
      conditionOf(cluster, "HeadPodReady") === "True/HeadPodRunningAndReady"
    );
  });

const podUids = async (): Promise<unknown[]> =>
  (await kit.pods("ray.io/cluster=plain")).map(({ metadata }) => metadata.uid);

describe("a RayCluster", () => {
  it("is ready with its head and workers, and says so", async () => {
    const cluster = await kit.rayCluster("plain");
    expect(conditionOf(cluster, "HeadPodReady")).toBe("True/HeadPodRunningAndReady");
    expect(conditionOf(cluster, "RayClusterProvisioned")).toBe("True/AllPodRunningAndReadyFirstTime");
    expect(cluster.status).toMatchObject({ desiredWorkerReplicas: 2, availableWorkerReplicas: 2 });
    expect(await podUids()).toHaveLength(3);
  });

  it("deletes one worker and no more when one is too many, however long its pod stays", async () => {
    const workers = await kit.pods("ray.io/cluster=plain,ray.io/node-type=worker");
    const names = workers.map(({ metadata }) => `pod/${metadata.name}`);
    const finalizers = (value: string): Promise<string> =>
      kit.cluster.kubectl("patch", ...names, "--type=merge", "-p", `{"metadata":{"finalizers":${value}}}`);
    await finalizers('["example.com/stay"]');
    await apply({ workers: 1 });
    await ready(1);
    expect(await podUids()).toHaveLength(2);
    await finalizers("null");
    await apply({});
    await ready();
  });

  it("is suspended without pods, and resumed", async () => {
    await apply({ cluster: { suspend: true } });
    await kit.untilCluster("plain", "plain to be suspended", ({ status }) => status?.state === "suspended");
    expect(await podUids()).toEqual([]);
    await apply({});
    await ready();
  });

  it("makes all its pods anew with upgradeStrategy Recreate", async () => {
    const upgradeStrategy = { type: "Recreate" as const };
    await apply({ cluster: { upgradeStrategy } });
    await ready();
    const before = new Set(await podUids());
    await apply({ cluster: { upgradeStrategy }, workerEnv: { CHANGED: "yes" } });
    await waitFor(
      async () => {
        const uids = await podUids();
        return uids.length === 3 && uids.every((uid) => !before.has(uid));
      },
      { timeoutMs, what: "three new pods" },
    );
    await ready();
    expect(await podUids()).toHaveLength(3);
  });

  it("is left alone when another controller manages it", async () => {
    await kit.apply(rayCluster({ name: "foreign", cluster: { managedBy: "kueue.x-k8s.io/multikueue" } }));
    await kit.apply(rayCluster({ name: "neighbour", cluster: { suspend: true } }));
    await kit.untilCluster("neighbour", "its suspension", ({ status }) => status?.state === "suspended");
    expect((await kit.rayCluster("foreign")).status).toBeUndefined();
    expect(await kit.pods("ray.io/cluster=foreign")).toEqual([]);
  });

  it("says that a quota is in the way, and goes on when it is gone", async () => {
    await kit.cluster.kubectl("create", "quota", "none", "--hard=pods=0,cpu=0,memory=0");
    await kit.cluster.kubectl("delete", "pods", "-l", "ray.io/cluster=plain", "--wait=false");
    await kit.untilCluster(
      "plain",
      "the failure to be told",
      (cluster) =>
        conditionOf(cluster, "ReplicaFailure") === "True/FailedCreateHeadPod" &&
        conditionOf(cluster, "HeadPodReady") === "False/HeadPodNotFound",
    );
    const cluster = await kit.rayCluster("plain");
    expect(conditionOf(cluster, "RayClusterProvisioned")).toBe("True/AllPodRunningAndReadyFirstTime");
    const failure = cluster.status?.conditions?.find(({ type }) => type === "ReplicaFailure");
    expect(failure?.message).toContain("forbidden: exceeded quota");
    await kit.cluster.kubectl("delete", "quota", "none");
    await ready();
  });
});
