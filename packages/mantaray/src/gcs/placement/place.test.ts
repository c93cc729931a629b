import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newActorId, newNodeId } from "../../base/ids.ts";
import { placementSchema } from "../../protocol/actor.ts";
import type { PendingActor, PlacedActor, PlacementNode } from "./node-load.ts";
import { place } from "./place.ts";

const node = (change: Partial<PlacementNode> = {}): PlacementNode => ({
  nodeId: newNodeId(),
  label: "n",
  isHead: false,
  draining: false,
  reachable: true,
  resources: { CPU: 2 },
  ...change,
});

const pending = (
  resources: Record<string, number> = {},
  placement: Partial<PendingActor["placement"]> = {},
  avoid?: PlacementNode,
): PendingActor => ({
  actorId: newActorId(),
  resources,
  placement: { ...placementSchema.parse({}), ...placement },
  restarting: false,
  avoid: avoid?.nodeId,
});

const on = ({ nodeId }: PlacementNode, resources: Record<string, number> = {}, group?: string): PlacedActor => {
  return { nodeId, resources, group };
};

const only = (nodes: PlacementNode[], placed: PlacedActor[], actor: PendingActor): string => {
  const { assignments, reasons } = place(nodes, placed, [actor]);
  const nodeId = assignments.get(actor.actorId);
  return nodes.find((each) => each.nodeId === nodeId)?.label ?? reasons.get(actor.actorId) ?? "nothing said";
};

describe("where an actor may go", () => {
  it("is a node with enough free of everything it asks for, fractions included", () => {
    const nodes = [
      node({ label: "small", resources: { CPU: 1 } }),
      node({ label: "big", resources: { CPU: 1, GPU: 1 } }),
    ];
    expect(only(nodes, [], pending({ CPU: 1, GPU: 0.5 }))).toBe("big");
    const tenths = Array.from({ length: 9 }, () => on(nodes[0] as PlacementNode, { CPU: 0.1 }));
    expect(only([nodes[0] as PlacementNode], tenths, pending({ CPU: 0.1 }))).toBe("small");
    expect(
      only(
        [nodes[0] as PlacementNode],
        [...tenths, on(nodes[0] as PlacementNode, { CPU: 0.1 })],
        pending({ CPU: 0.1 }),
      ),
    ).toBe("no node has CPU: 0.1 free (small: CPU 0 of 1)");
  });

  it("is any node for one that needs nothing, also a full one", () => {
    const full = node({ label: "full", resources: { CPU: 0 } });
    expect(only([full], [], pending({ CPU: 0 }))).toBe("full");
  });

  it("is the pinned node or the head, or it waits and says for what", () => {
    const head = node({ label: "head", isHead: true, resources: {} });
    const worker = node({ label: "worker" });
    expect(only([head, worker], [], pending({}, { onHead: true }))).toBe("head");
    expect(only([head, worker], [], pending({}, { nodeId: worker.nodeId }))).toBe("worker");
    expect(only([worker], [], pending({}, { onHead: true }))).toBe("the head is not alive");
    expect(only([head], [], pending({}, { nodeId: worker.nodeId }))).toBe(`node ${worker.nodeId} is not alive`);
    expect(only([], [], pending())).toBe("no node is alive");
  });

  it("is no draining or unreachable node", () => {
    const draining = node({ label: "a", draining: true });
    const away = node({ label: "b", reachable: false });
    expect(only([draining, away, node({ label: "c" })], [], pending())).toBe("c");
    expect(only([draining], [], pending())).toBe("node a drains");
    expect(only([away], [], pending())).toBe("node b is not reachable at the moment");
    expect(only([draining, away], [], pending())).toBe("each of 2 nodes drains or is not reachable at the moment");
  });

  it("is no node that has its share of the group", () => {
    const nodes = [node({ label: "a" }), node({ label: "b" })];
    const placed = nodes.map((each) => on(each, {}, "app#Echo"));
    expect(only(nodes, placed, pending({}, { group: "app#Echo", groupPerNodeMax: 1 }))).toBe(
      "each of 2 nodes already has 1 of group app#Echo",
    );
    expect(only(nodes, placed, pending({}, { group: "app#Other", groupPerNodeMax: 1 }))).toMatch(/^[ab]$/);
  });

  it("is explained with only the resources that are short, and only some of many nodes", () => {
    const nodes = Array.from({ length: 7 }, (_, index) => node({ label: `n${index}`, resources: { CPU: 1, GPU: 4 } }));
    expect(only(nodes, [], pending({ CPU: 2, GPU: 1 }))).toBe(
      "no node has CPU: 2 free (n0: CPU 1 of 1; n1: CPU 1 of 1; n2: CPU 1 of 1; n3: CPU 1 of 1; n4: CPU 1 of 1; 2 more)",
    );
  });
});

describe("which of several nodes", () => {
  it("SPREAD: the one with the fewest of the group, then the fewest actors, then the least used", () => {
    const nodes = [node({ label: "a" }), node({ label: "b" }), node({ label: "c" })] as const;
    const [a, b, c] = nodes;
    const group = { group: "g" };
    expect(only([...nodes], [on(a, {}, "g"), on(b), on(b), on(c, {}, "g")], pending({}, group))).toBe("b");
    expect(only([...nodes], [on(a), on(a), on(b), on(c), on(c)], pending({}, group))).toBe("b");
    expect(only([...nodes], [on(a, { CPU: 1 }), on(b, { CPU: 1 }), on(c, { CPU: 0.5 })], pending({}, group))).toBe("c");
  });

  it("SPREAD: a worker rather than the head when they are equally good for a group", () => {
    const head = node({ label: "head", isHead: true, nodeId: newNodeId() });
    const worker = node({ label: "worker" });
    expect(only([head, worker], [], pending({}, { group: "g" }))).toBe("worker");
    expect(only([head, worker], [on(worker, {}, "g")], pending({}, { group: "g" }))).toBe("head");
  });

  it("PACK: the fullest that still fits", () => {
    const nodes = [node({ label: "empty" }), node({ label: "half" }), node({ label: "full" })] as const;
    const placed = [on(nodes[1], { CPU: 1 }), on(nodes[2], { CPU: 2 })];
    expect(only([...nodes], placed, pending({ CPU: 1 }, { strategy: "PACK" }))).toBe("half");
  });

  it("another one than the node that just refused, if there is one", () => {
    const [a, b] = [node({ label: "a" }), node({ label: "b" })];
    expect(only([a, b], [on(b), on(b)], pending({}, {}, a))).toBe("b");
    expect(only([a], [], pending({}, {}, a))).toBe("a");
  });
});

describe("any cluster", () => {
  const amounts = fc.record({
    CPU: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
    GPU: fc.nat({ max: 2 }),
  });
  const clusters = fc.record({
    nodes: fc.array(fc.record({ resources: amounts, draining: fc.boolean(), isHead: fc.boolean() }), { maxLength: 6 }),
    demands: fc.array(
      fc.record({
        resources: amounts,
        group: fc.constantFrom(undefined, "g", "h"),
        perNodeMax: fc.constantFrom(undefined, 1, 2),
        strategy: fc.constantFrom("SPREAD" as const, "PACK" as const),
      }),
      { maxLength: 30 },
    ),
  });

  it("is never overfilled, breaks no limit of a group, and every actor is placed or told why not", () => {
    const property = fc.property(clusters, ({ nodes: shapes, demands }) => {
      const nodes = shapes.map((shape) => node(shape));
      const actors = demands.map(({ resources, group, perNodeMax, strategy }) =>
        pending(resources, {
          strategy,
          ...(group === undefined ? {} : { group }),
          ...(group === undefined || perNodeMax === undefined ? {} : { groupPerNodeMax: perNodeMax }),
        }),
      );
      const { assignments, reasons } = place(nodes, [], actors);
      expect(assignments.size + reasons.size).toBe(actors.length);
      for (const each of nodes) {
        const here = actors.filter(({ actorId }) => assignments.get(actorId) === each.nodeId);
        expect(each.draining && here.length > 0).toBe(false);
        for (const name of ["CPU", "GPU"]) {
          const used = here.reduce((sum, { resources }) => sum + (resources[name] ?? 0), 0);
          expect(used).toBeLessThanOrEqual((each.resources[name] ?? 0) + 1e-6);
        }
        // The last one of a group to come respected its own limit.
        const last = new Map(here.map((actor) => [actor.placement.group, actor]));
        for (const [group, { placement }] of last) {
          const count = here.filter((actor) => actor.placement.group === group).length;
          expect(count).toBeLessThanOrEqual(placement.groupPerNodeMax ?? Infinity);
        }
      }
      // Nobody waits who could go somewhere: a second pass places no one.
      const placed = actors.flatMap(({ actorId, resources, placement }): PlacedActor[] => {
        const nodeId = assignments.get(actorId);
        return nodeId === undefined ? [] : [{ nodeId, resources, group: placement.group }];
      });
      const waiting = actors.filter(({ actorId }) => reasons.has(actorId));
      expect(place(nodes, placed, waiting).assignments.size).toBe(0);
    });
    expect(fc.check(property).counterexample).toBeNull();
  });

  it("of equal nodes gets a group spread evenly", () => {
    const property = fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 20 }), (count, replicas) => {
      const nodes = Array.from({ length: count }, () => node({ resources: { CPU: 20 } }));
      const { assignments } = place(
        nodes,
        [],
        Array.from({ length: replicas }, () => pending({ CPU: 1 }, { group: "g" })),
      );
      const counts = nodes.map(({ nodeId }) => [...assignments.values()].filter((each) => each === nodeId).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    });
    expect(fc.check(property).counterexample).toBeNull();
  });
});
