import { expect, test } from "vitest";
import { runOperatorLoad } from "../../bench/operator/operator-load.ts";

const clusters = 50;
const podsPerCluster = 10;
/**
 * What is made for a cluster: its pods, a Service, two network policies, two disruption budgets, and its status: at
 * most once for each pod that runs and once for each that gets ready, and less where passes fall behind.
 */
const objectsPerCluster = podsPerCluster + 5;
const statusWritesPerClusterMax = podsPerCluster * 2;
/** The old pod leaves, the new one is there, runs, is ready. */
const healingStatuses = 4;

test("brings 50 clusters of 10 pods up with few writes, writes nothing while nothing changes, and heals them", {
  timeout: 120_000,
}, async () => {
  const { start, quiet, storm } = await runOperatorLoad({ clusters, podsPerCluster, qps: 5_000, resyncSeconds: 10 });
  expect(start.calls.get("create pods")).toBe(clusters * podsPerCluster);
  expect(start.writes / clusters).toBeLessThanOrEqual(objectsPerCluster + statusWritesPerClusterMax);
  expect(quiet.passes).toBeGreaterThanOrEqual(clusters);
  expect([...quiet.calls]).toEqual([]);
  expect(storm.calls.get("create pods")).toBe(clusters);
  expect(storm.clusterChanges / clusters).toBeLessThanOrEqual(healingStatuses);
  // A pass that is faster than the news of the write before it tries once in vain (Conflict): 3.5 writes a cluster on busy
  // cores, 6.1 on idle ones, the pod itself among them.
  expect(storm.writes / clusters).toBeLessThanOrEqual(1 + 2 * healingStatuses);
});
