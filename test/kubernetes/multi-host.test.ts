import type { KubeObject } from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rayCluster, type ServiceOptions } from "./kit/manifests.ts";
import { isReady, ServeKit } from "./kit/serve-kit.ts";

const timeoutMs = 90_000;

// Several waits each, on cores that others may have.
vi.setConfig({ testTimeout: 3 * timeoutMs, hookTimeout: 3 * timeoutMs });

let kit: ServeKit;

beforeAll(async () => {
  kit = await ServeKit.start();
  await scale(2);
});
afterAll(() => kit.close());

/** A cluster whose replicas are two hosts each. */
const scale = async (replicas: number): Promise<readonly KubeObject[]> => {
  const options: ServiceOptions = { name: "hosts", workers: replicas };
  const manifest = rayCluster(options) as { spec: { workerGroupSpecs: { numOfHosts?: number }[] } };
  for (const group of manifest.spec.workerGroupSpecs) group.numOfHosts = 2;
  await kit.apply(manifest);
  return readyHosts(2 * replicas);
};

const readyHosts = (count: number, without: ReadonlySet<unknown> = new Set()): Promise<readonly KubeObject[]> =>
  waitFor(
    async () => {
      const pods = await kit.pods("ray.io/cluster=hosts,ray.io/node-type=worker");
      const done = pods.length === count && pods.every((pod) => isReady(pod) && !without.has(pod.metadata.uid));
      return done && pods;
    },
    { timeoutMs, what: `${count} hosts to be Ready` },
  );

/** Replica, its index, the host's index in it; of each pod, in order. */
const places = (pods: readonly KubeObject[]): string[] =>
  pods
    .map(({ metadata: { labels = {} } }) => [
      labels["ray.io/worker-group-replica-index"],
      labels["ray.io/replica-host-index"],
    ])
    .map((place) => place.join("/"))
    .toSorted();

const replicaOf = ({ metadata }: KubeObject): string => String(metadata.labels?.["ray.io/worker-group-replica-name"]);

const uidsOf = (pods: readonly KubeObject[]): string[] => pods.map(({ metadata }) => String(metadata.uid)).toSorted();

describe("a RayCluster whose replicas are several hosts", () => {
  it("numbers replicas and the hosts in them", async () => {
    const pods = await readyHosts(4);
    expect(places(pods)).toEqual(["0/0", "0/1", "1/0", "1/1"]);
    expect(new Set(pods.map(replicaOf)).size).toBe(2);
    const { status } = await kit.rayCluster("hosts");
    expect(status).toMatchObject({ desiredWorkerReplicas: 4 });
  });

  it("makes all hosts of a replica anew when one is deleted, and leaves the others", async () => {
    const before = await readyHosts(4);
    const [victim] = before;
    const lost = before.filter((pod) => replicaOf(pod) === replicaOf(victim as KubeObject));
    const kept = before.filter((pod) => !lost.includes(pod));
    await kit.cluster.kubectl("delete", "pod", String(victim?.metadata.name), "--wait=false");
    const after = await readyHosts(4, new Set(uidsOf(lost)));
    expect(uidsOf(after)).toEqual(expect.arrayContaining(uidsOf(kept)));
    expect(places(after)).toEqual(["0/0", "0/1", "1/0", "1/1"]);
  });

  it("removes and adds whole replicas", async () => {
    const before = await readyHosts(4);
    const after = await scale(1);
    expect(new Set(after.map(replicaOf)).size).toBe(1);
    expect(uidsOf(before)).toEqual(expect.arrayContaining(uidsOf(after)));
    expect(places(await scale(2))).toEqual(["0/0", "0/1", "1/0", "1/1"]);
  });
});
