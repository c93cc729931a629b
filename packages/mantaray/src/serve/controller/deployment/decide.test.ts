import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NodeId, parseNodeId } from "../../../base/ids.ts";
import { decideDeployment } from "./decide.ts";
import type { DeploymentPlan, DeploymentView, ReplicaView } from "./plan.ts";

const nodes: readonly NodeId[] = [1, 2, 3].map((n) => parseNodeId(n.toString(16).padStart(56, "0")));

const replicaArbitrary = fc.record({
  version: fc.constantFrom("new", "old"),
  settings: fc.constantFrom("s1", "s2"),
  phase: fc.constantFrom("STARTING" as const, "RUNNING" as const, "STOPPING" as const),
  reconfiguring: fc.boolean(),
  node: fc.integer({ min: -1, max: 2 }),
  blockedSinceMs: fc.option(fc.integer({ min: 0, max: 20_000 })),
  ongoing: fc.integer({ min: 0, max: 3 }),
});

const viewArbitrary: fc.Arbitrary<DeploymentView> = fc
  .record({
    wanted: fc.integer({ min: 0, max: 12 }),
    surgeShare: fc.constantFrom(0.1, 0.2, 1),
    replicas: fc.array(replicaArbitrary, { maxLength: 25 }),
    draining: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    drainStopAtMs: fc.constantFrom(null, 10_000, 30_000),
    fits: fc.boolean(),
    /** Whether there are stopping ones at all: many rules hold only where there are none. */
    stopping: fc.boolean(),
    startAllowedAtMs: fc.constantFrom(0, 25_000, Number.POSITIVE_INFINITY),
    makingRoomFailed: fc.boolean(),
    quietSinceMs: fc.option(fc.constant(0)),
  })
  .map(({ replicas, draining, drainStopAtMs, fits, stopping, ...rest }) => ({
    ...rest,
    nowMs: 20_000,
    version: "new",
    settings: "s1",
    replicasPerNodeMax: null,
    nodes: nodes.map((id, index) => {
      const drains = draining[index] ?? false;
      return { id, draining: drains, drainStopAtMs: drains ? drainStopAtMs : null, fits };
    }),
    replicas: replicas
      .filter((replica) => stopping || replica.phase !== "STOPPING")
      .map(
        ({ node, phase, ...replica }, index): ReplicaView => ({
          ...replica,
          phase,
          id: `r${String(index).padStart(2, "0")}`,
          reconfiguring: replica.reconfiguring && phase === "RUNNING",
          nodeId: phase === "RUNNING" ? (nodes[Math.max(0, node)] ?? null) : (nodes[node] ?? null),
          blockedSinceMs: phase === "STARTING" && node === -1 ? replica.blockedSinceMs : null,
          movesTo: null,
        }),
      ),
  }));

const running = (view: DeploymentView): number => view.replicas.filter((replica) => replica.phase === "RUNNING").length;

const isDraining = (view: DeploymentView, replica: ReplicaView): boolean =>
  view.nodes.some((node) => node.draining && node.id === replica.nodeId);

/** Running on a node whose drain is nearly over. */
const late = (view: DeploymentView): number =>
  view.replicas.filter((replica) => {
    const node = view.nodes.find((candidate) => candidate.id === replica.nodeId);
    return replica.phase === "RUNNING" && node?.drainStopAtMs != null && node.drainStopAtMs <= view.nowMs;
  }).length;

const check = (property: (view: DeploymentView, plan: DeploymentPlan) => void): void => {
  fc.assert(
    fc.property(viewArbitrary, (view) => property(view, decideDeployment(view))),
    { numRuns: 10_000, seed: 42 },
  );
};

describe("the decision over a deployment", () => {
  it("D1: leaves as many running as are wanted, as far as they run, but for one that makes room and those whose drain is over", () => {
    check((view, plan) => {
      const stopped = new Set(plan.stops.map((stop) => stop.id));
      const left = view.replicas.filter((replica) => replica.phase === "RUNNING" && !stopped.has(replica.id)).length;
      const least = Math.min(view.wanted, running(view)) - (plan.makesRoom ? 1 : 0);
      expect(left).toBeGreaterThanOrEqual(least - late(view));
      expect(plan.undercuts && late(view) === 0).toBe(false);
    });
  });

  it("D2: never has more than wanted and surge, or those that drain, live when it starts something", () => {
    check((view, plan) => {
      if (plan.starts.length === 0) return;
      const surge = Math.max(1, Math.ceil(view.surgeShare * view.wanted));
      const stopped = new Set(plan.stops.map((stop) => stop.id));
      const live = view.replicas.filter((replica) => replica.phase !== "STOPPING" && !stopped.has(replica.id));
      const drain = live.filter((replica) => replica.phase === "RUNNING" && isDraining(view, replica)).length;
      expect(live.length + plan.starts.length).toBeLessThanOrEqual(view.wanted + Math.max(surge, drain));
    });
  });

  it("D4: stops what drains first, and at the latest when the time of the drain is up", () => {
    check((view, plan) => {
      if (view.wanted === 0) return;
      const stopped = new Set(plan.stops.map((stop) => stop.id));
      const present = view.replicas.filter((replica) => replica.phase === "RUNNING");
      const outdatedStopped = present.some(
        (replica) => replica.version === "old" && stopped.has(replica.id) && !isDraining(view, replica),
      );
      const mustGo = present.filter((replica) => {
        const node = view.nodes.find(({ id }) => id === replica.nodeId);
        const isLate = node?.drainStopAtMs != null && node.drainStopAtMs <= view.nowMs;
        return isLate || (isDraining(view, replica) && outdatedStopped && !plan.makesRoom);
      });
      expect(mustGo.filter((replica) => !stopped.has(replica.id))).toEqual([]);
    });
  });

  it("D3: makes room only where a node could use it, and for something that waits", () => {
    let made = 0;
    check((view, plan) => {
      if (!plan.makesRoom) return;
      made += 1;
      expect(view.makingRoomFailed).toBe(false);
      expect(view.nodes.some((node) => node.fits && !node.draining)).toBe(true);
      expect(view.replicas.some((replica) => replica.blockedSinceMs !== null)).toBe(true);
      expect(view.replicas.some((replica) => replica.phase === "STOPPING")).toBe(false);
    });
    // The property says nothing where the case never arises.
    expect(made).toBeGreaterThan(20);
  });
});

describe("the plan for a deployment", () => {
  it("stops nothing twice, starts nothing while it must wait, and is the same for the same view", () => {
    check((view, plan) => {
      const ids = plan.stops.map((stop) => stop.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(view.replicas.some((replica) => replica.phase === "STOPPING" && ids.includes(replica.id))).toBe(false);
      const mayStart = view.nowMs >= view.startAllowedAtMs;
      expect(mayStart || plan.starts.every((start) => start.movesTo !== null)).toBe(true);
      expect(decideDeployment(view)).toEqual(plan);
    });
  });

  it("stops without grace only what never served", () => {
    check((view, plan) => {
      for (const stop of plan.stops) {
        const replica = view.replicas.find((candidate) => candidate.id === stop.id);
        expect(stop.force).toBe(replica?.phase === "STARTING");
      }
    });
  });

  it("D5: changes settings of running new ones only, as many at once as the surge", () => {
    check((view, plan) => {
      const surge = Math.max(1, Math.ceil(view.surgeShare * view.wanted));
      expect(plan.reconfigures.length).toBeLessThanOrEqual(surge);
      for (const id of plan.reconfigures) {
        const replica = view.replicas.find((candidate) => candidate.id === id);
        expect(replica).toMatchObject({ version: "new", phase: "RUNNING", reconfiguring: false, settings: "s2" });
      }
    });
  });

  it("wants nothing of a deployment that is as it shall be", () => {
    check((view, plan) => {
      if (!plan.healthy || view.wanted === 0 || view.quietSinceMs !== null) return;
      const live = view.replicas.filter((replica) => replica.phase !== "STOPPING");
      if (live.length !== view.wanted) return;
      expect(plan).toMatchObject({ starts: [], stops: [], reconfigures: [], makesRoom: false });
    });
  });
});
