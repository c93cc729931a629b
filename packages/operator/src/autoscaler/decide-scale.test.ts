import { describe, expect, it } from "vitest";
import { decideScale, replicasAfter } from "./decide-scale.ts";
import { group, input, node, unit } from "./fixtures/scale-sketch.ts";
import type { Demand } from "./head-load.ts";
import type { GroupState, ScaleInput, Unit } from "./scale-input.ts";

const cpu = (count: number, CPU = 1, more: Partial<Demand> = {}): Demand => ({ resources: { CPU }, count, ...more });

/** `replicas` by group after the decision; groups that do not change are left out. */
const scaled = (sketch: Partial<ScaleInput>): Record<string, number> => {
  const whole = input(sketch);
  const decision = decideScale(whole);
  return Object.fromEntries(
    decision.groups.map((scale) => {
      const state = whole.groups.find(({ name }) => name === scale.name) as GroupState;
      return [scale.name, replicasAfter(state, scale, scale.removed.length)];
    }),
  );
};

const busy = (id: string, CPU = 2) => unit(id, [node({ used: { CPU }, actors: CPU, resources: { CPU: 2 } })]);
const idle = (id: string) => unit(id, [node({ resources: { CPU: 2 } })]);
const twoHosts = (id: string, actors: number) => unit(id, [node({}), node({ actors })]);
const starting = (id: string) => unit(id, []);

const small = (more: Partial<GroupState> = {}): GroupState => group("small", { capacity: { CPU: 2 }, ...more });

const whatWaits: readonly (readonly [string, Partial<ScaleInput>, Record<string, number>])[] = [
  ["nothing", { groups: [small()] }, {}],
  ["three of one CPU: two pods of two", { groups: [small()], demands: [cpu(3)] }, { small: 2 }],
  ["what fits on a head", { groups: [small()], otherNodes: [node({ resources: { CPU: 4 } })], demands: [cpu(3)] }, {}],
  [
    "not on one that drains",
    { groups: [small()], otherNodes: [node({ resources: { CPU: 4 }, draining: true })], demands: [cpu(2)] },
    { small: 1 },
  ],
  [
    "what fits on a worker that is there",
    { groups: [small({ replicas: 1, units: [busy("a", 1)] })], demands: [cpu(1)] },
    {},
  ],
  [
    "what fits on a pod that starts",
    { groups: [small({ replicas: 1, units: [starting("a")] })], demands: [cpu(2)] },
    {},
  ],
  ["what fits on a pod that is asked for", { groups: [small({ replicas: 1 })], demands: [cpu(2)] }, {}],
  [
    "beside full ones",
    { groups: [small({ replicas: 2, units: [busy("a"), starting("b")] })], demands: [cpu(3)] },
    { small: 3 },
  ],
  ["up to maxReplicas", { groups: [small({ maxReplicas: 3 })], demands: [cpu(100)] }, { small: 3 }],
  ["what is too large for any", { groups: [small()], demands: [cpu(1, 3)] }, {}],
  ["fractions", { groups: [small()], demands: [cpu(20, 0.1)] }, { small: 1 }],
  ["things without needs fit anywhere", { groups: [small()], otherNodes: [node({})], demands: [cpu(9, 0)] }, {}],
  [
    "at most one a node",
    { groups: [small()], demands: [cpu(3, 0.1, { group: "g", groupPerNodeMax: 1 })] },
    { small: 3 },
  ],
  [
    "a node that has its share takes no more",
    {
      groups: [
        small({ replicas: 1, units: [unit("a", [node({ resources: { CPU: 2 }, actors: 1, groups: { g: 1 } })])] }),
      ],
      demands: [cpu(1, 0.1, { group: "g", groupPerNodeMax: 1 })],
    },
    { small: 2 },
  ],
  [
    "the smallest group that fits",
    { groups: [group("large", { capacity: { CPU: 8 } }), small()], demands: [cpu(2)] },
    { small: 1 },
  ],
  [
    "a larger one where the smaller is full",
    { groups: [group("large", { capacity: { CPU: 8 } }), small({ maxReplicas: 1 })], demands: [cpu(4)] },
    { small: 1, large: 1 },
  ],
  [
    "a GPU is not for CPUs, and CPUs go beside a GPU's actor",
    {
      groups: [group("gpu", { capacity: { CPU: 2, GPU: 1 } }), group("cpu", { capacity: { CPU: 4 } })],
      demands: [cpu(2), { resources: { GPU: 1 }, count: 1 }],
    },
    { gpu: 1 },
  ],
  [
    "by priority first",
    { groups: [small(), group("spot", { capacity: { CPU: 9 }, priority: 1 })], demands: [cpu(1)] },
    { spot: 1 },
  ],
  ["groups of hosts as a whole", { groups: [small({ hosts: 4 })], demands: [cpu(9)] }, { small: 2 }],
  [
    "Conservative: five at first",
    { groups: [small({ maxReplicas: 90 })], demands: [cpu(40)], conservative: true },
    { small: 5 },
  ],
  [
    "Conservative: none while five start",
    { groups: [small({ replicas: 5, maxReplicas: 90 })], demands: [cpu(40)], conservative: true },
    {},
  ],
  [
    "Conservative: as many as run",
    {
      groups: [small({ replicas: 7, maxReplicas: 90, units: Array.from({ length: 7 }, (_, at) => busy(`${at}`)) })],
      demands: [cpu(40)],
      conservative: true,
    },
    { small: 14 },
  ],
];

describe("what waits", () => {
  it.each(whatWaits)("%s", (_, sketch, replicas) => expect(scaled(sketch)).toEqual(replicas));

  it("says what no group can take", () => {
    const groups = [small({ maxReplicas: 1 })];
    expect(decideScale(input({ groups, demands: [cpu(5), cpu(1, 3)] })).unmet).toEqual([cpu(1, 3), cpu(3)]);
  });
});

const grown = (units: readonly Unit[], more: Partial<GroupState> = {}): GroupState =>
  small({ units, replicas: units.length, ...more });

const since = (...ids: string[]): Pick<ScaleInput, "idleSinceMs"> => ({
  idleSinceMs: new Map(ids.map((id) => [id, 40_000])),
});

const leaving = (sketch: Partial<ScaleInput>): string[] =>
  decideScale(input({ nowMs: 100_000, ...sketch })).groups.flatMap(({ removed }) =>
    removed.map(({ unit: { id }, why }) => `${id} ${why}`),
  );

describe("what idles", () => {
  it("leaves after its time-out, and is looked at then", () => {
    const early = decideScale(input({ groups: [grown([idle("a")])], nowMs: 40_000 }));
    expect(early).toMatchObject({ groups: [], wakeMs: 60_000 });
    const half = decideScale(input({ groups: [grown([idle("a")])], idleSinceMs: early.idleSinceMs, nowMs: 70_000 }));
    expect(half).toMatchObject({ groups: [], wakeMs: 30_000 });
    expect(leaving({ groups: [grown([idle("a")])], idleSinceMs: half.idleSinceMs })).toEqual(["a idle"]);
    expect(scaled({ groups: [grown([idle("a")])], idleSinceMs: half.idleSinceMs, nowMs: 100_000 })).toEqual({
      small: 0,
    });
  });

  it("stays as long as minReplicas says", () => {
    expect(leaving({ groups: [grown([idle("a"), idle("b")], { minReplicas: 1 })], ...since("a", "b") })).toEqual([
      "a idle",
    ]);
    const kept = { groups: [grown([idle("a")], { minReplicas: 1 })], ...since("a") };
    expect(leaving(kept)).toEqual([]);
    expect(decideScale(input({ nowMs: 100_000, ...kept })).wakeMs).toBeUndefined();
  });

  it("stays while an actor lives there, something would go there, or somebody drains it", () => {
    expect(leaving({ groups: [grown([busy("a", 1)])], ...since("a") })).toEqual([]);
    expect(leaving({ groups: [grown([idle("a")])], demands: [cpu(1)], ...since("a") })).toEqual([]);
    expect(leaving({ groups: [grown([unit("a", [node({ draining: true })])])], ...since("a") })).toEqual([]);
  });

  it("begins anew after work, and after a silence of the head", () => {
    const worked = decideScale(input({ groups: [grown([busy("a")])], ...since("a") }));
    expect([...worked.idleSinceMs]).toEqual([]);
    const silent = decideScale(
      input({ groups: [grown([idle("a")])], ...since("a"), knownSinceMs: 90_000, nowMs: 100_000 }),
    );
    expect([...silent.idleSinceMs]).toEqual([["a", 90_000]]);
  });

  it("goes by the group's own time-out; a pod that starts has more time", () => {
    const groups = [grown([idle("a"), starting("b")], { idleTimeoutMs: 5_000 })];
    const idleSinceMs = new Map([
      ["a", 90_000],
      ["b", 50_000],
    ]);
    expect(leaving({ groups, idleSinceMs })).toEqual(["a idle"]);
    expect(leaving({ groups, idleSinceMs, nowMs: 120_000 })).toEqual(["b idle", "a idle"]);
  });

  it("leaves with all its hosts or not at all", () => {
    const groups = [grown([twoHosts("a", 1), twoHosts("b", 0)], { hosts: 2 })];
    expect(leaving({ groups, ...since("a", "b") })).toEqual(["b idle"]);
  });

  it("stays while pods are exchanged for a new template", () => {
    expect(leaving({ groups: [grown([idle("a")], { settled: false })], ...since("a") })).toEqual([]);
  });
});

describe("more than maxReplicas", () => {
  it("go, those that cost least first", () => {
    const units = [busy("a", 2), busy("b", 1), idle("c")];
    const { groups } = decideScale(input({ groups: [group("small", { units, replicas: 1, maxReplicas: 1 })] }));
    expect(groups[0]?.removed.map(({ unit: { id }, why }) => `${id} ${why}`)).toEqual(["c surplus", "b surplus"]);
  });
});
