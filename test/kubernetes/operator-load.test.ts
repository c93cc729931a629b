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

test("brings 50 clusters of 10 pods up with few writes, writes nothing while nothing changes, and heals them", {
  timeout: 120_000,
}, async () => {
  const { start, quiet, storm } = await runOperatorLoad({ clusters, podsPerCluster, qps: 5_000, resyncSeconds: 10 });
  expect(start.calls.get("create pods")).toBe(clusters * podsPerCluster);
  expect(start.writes / clusters).toBeLessThanOrEqual(objectsPerCluster + statusWritesPerClusterMax);
  expect(quiet.passes).toBeGreaterThanOrEqual(clusters);
  expect([...quiet.calls]).toEqual([]);
  // The pod that is missing, and the status at each step that can be seen by itself: the old one leaves, is gone, the new
  // one is there, runs, is ready. Measured: 4.8 to 5.1 together; as many as steps where a pass comes between all of them.
  expect(storm.calls.get("create pods")).toBe(clusters);
  expect(storm.writes / clusters).toBeLessThanOrEqual(1 + 5);
});
