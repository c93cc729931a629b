import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { annotations, labels } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import { wantedReplicas } from "../api/worker-replicas.ts";
import { standbyCount } from "./decide/decide-heads.ts";
import { calm, OperatorSimulation } from "./fixtures/operator-simulation.ts";
import { oneStandby, rayCluster, withRedis, workerGroup } from "./fixtures/ray-cluster.ts";
import { headRevision, workerRevision } from "./revision.ts";

const storm = { fault: 0.1, crash: 0.05, death: 0.05, lag: 0.5 };

const countsOf = (simulation: OperatorSimulation): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const pod of simulation.pods) {
    const group = pod.metadata.labels?.[labels.group] ?? "";
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts;
};

const wanted = (cluster: RayCluster): Record<string, number> => {
  const groups = (cluster.spec.workerGroupSpecs ?? []).map(
    (group) => [group.groupName, wantedReplicas(cluster.spec, group) * group.numOfHosts] as const,
  );
  return Object.fromEntries([["headgroup", 1 + standbyCount(cluster)], ...groups.filter(([, count]) => count > 0)]);
};

const groupsOf = (counts: readonly number[], hosts = 1): object[] =>
  counts.map((replicas, index) => workerGroup(`g${index}`, { replicas, numOfHosts: index === 0 ? hosts : 1 }));

const anyCluster = fc
  .record({
    redis: fc.boolean(),
    standby: fc.boolean(),
    hosts: fc.integer({ min: 1, max: 3 }),
    counts: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  })
  .map(({ redis, standby, hosts, counts }) =>
    rayCluster({
      groups: groupsOf(counts, hosts),
      ...(redis ? { spec: withRedis } : {}),
      ...(redis && standby ? { annotations: oneStandby } : {}),
    }),
  );

describe("an operator in a storm", () => {
  it("always ends with what the spec asks for, and then writes nothing", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), anyCluster, anyCluster, async (seed, first, second) => {
        const simulation = new OperatorSimulation(seed);
        simulation.write(first);
        simulation.weather = storm;
        await simulation.steps(30);
        // The backend cannot be changed: see the CRD's rules.
        const change = {
          ...second,
          spec: { ...second.spec, ...gcsOf(first) },
          metadata: { ...second.metadata, annotations: first.metadata.annotations ?? {} },
        };
        simulation.write(change);
        await simulation.steps(30);
        simulation.weather = calm;
        await simulation.steps(60);
        expect(countsOf(simulation)).toEqual(wanted(change));
        expect(simulation.cluster?.status?.state).toBe("ready");
        const { writes } = simulation.kube;
        await simulation.steps(5);
        expect(simulation.kube.writes).toBe(writes);
      }),
      { numRuns: 25 },
    );
  });

  it("never has more pods than wanted, whatever answers get lost", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), anyCluster, async (seed, cluster) => {
        const simulation = new OperatorSimulation(seed);
        simulation.write(cluster);
        simulation.weather = { ...storm, death: 0.02 };
        await simulation.steps(60);
        const most = wanted(cluster);
        for (const [group, peak] of simulation.peaks) {
          const hosts = cluster.spec.workerGroupSpecs?.find(({ groupName }) => groupName === group)?.numOfHosts ?? 1;
          // A replica that lost a host counts until all its pods are on their way out.
          expect(peak).toBeLessThanOrEqual((most[group] ?? 0) + (hosts > 1 ? (most[group] ?? 0) : 0));
        }
      }),
      { numRuns: 25 },
    );
  });

  it("leaves nothing of a deleted cluster", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), anyCluster, async (seed, cluster) => {
        const simulation = new OperatorSimulation(seed);
        simulation.write(cluster);
        simulation.weather = storm;
        await simulation.steps(15);
        const [stored] = simulation.kube.all("rayclusters");
        if (stored !== undefined) simulation.kube.remove("rayclusters", stored);
        await simulation.steps(20);
        simulation.weather = calm;
        await simulation.steps(40);
        expect(simulation.cluster).toBeUndefined();
        expect(
          ["pods", "services", "jobs", "networkpolicies", "poddisruptionbudgets"].flatMap((plural) =>
            simulation.kube.all(plural),
          ),
        ).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

describe("an operator in a storm: changes", () => {
  it("suspends and resumes", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), anyCluster, async (seed, cluster) => {
        const simulation = new OperatorSimulation(seed);
        simulation.write(cluster);
        await simulation.steps(15);
        simulation.weather = storm;
        simulation.write({ ...cluster, spec: { ...cluster.spec, suspend: true } });
        await simulation.steps(20);
        simulation.weather = calm;
        await simulation.steps(20);
        expect(simulation.kube.all("pods")).toEqual([]);
        expect(simulation.cluster?.status?.state).toBe("suspended");
        simulation.write({ ...cluster, spec: { ...cluster.spec, suspend: false } });
        await simulation.steps(20);
        expect(countsOf(simulation)).toEqual(wanted(cluster));
        expect(simulation.cluster?.status?.state).toBe("ready");
      }),
      { numRuns: 15 },
    );
  });

  it("rolls all pods to a new template, one more than wanted at most", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), anyCluster, async (seed, plain) => {
        const simulation = new OperatorSimulation(seed);
        const cluster = {
          ...plain,
          metadata: {
            ...plain.metadata,
            annotations: { ...plain.metadata.annotations, [annotations.rollingUpdate]: "true" },
          },
        };
        simulation.write(cluster);
        await simulation.steps(15);
        const next = { ...cluster, spec: { ...cluster.spec, rayVersion: "2.99.0" } };
        simulation.peaks.clear();
        simulation.weather = { ...storm, death: 0 };
        simulation.write(next);
        await simulation.steps(60);
        simulation.weather = calm;
        await simulation.steps(120);
        expect(countsOf(simulation)).toEqual(wanted(next));
        const revisions = new Set(simulation.pods.map((pod) => pod.metadata.labels?.[labels.podRevision]));
        const expected = [
          headRevision(next),
          ...(next.spec.workerGroupSpecs ?? [])
            .filter((group) => wantedReplicas(next.spec, group) > 0)
            .map((group) => workerRevision(next, group)),
        ];
        expect(new Set(revisions)).toEqual(new Set(expected));
        for (const [group, peak] of simulation.peaks) {
          const hosts = next.spec.workerGroupSpecs?.find(({ groupName }) => groupName === group)?.numOfHosts ?? 1;
          const heads = group === "headgroup" ? 2 : 0;
          expect(peak).toBeLessThanOrEqual(
            (wanted(next)[group] ?? 0) + (heads === 0 ? 2 * hosts - (hosts > 1 ? 0 : 1) : heads),
          );
        }
      }),
      { numRuns: 20 },
    );
  });
});

const gcsOf = ({ spec }: RayCluster): Pick<RayCluster["spec"], "gcsFaultToleranceOptions"> =>
  spec.gcsFaultToleranceOptions === undefined ? {} : { gcsFaultToleranceOptions: spec.gcsFaultToleranceOptions };
