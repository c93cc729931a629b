import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RollUnit, rollPods } from "./roll-pods.ts";

const unit = (item: string, revision: string, available = true): RollUnit<string> => ({ item, revision, available });
const goal = { revision: "new", desired: 2, leaving: 0 };

describe("rolling update", () => {
  it("one new pod first", () => {
    expect(rollPods([unit("a", "old"), unit("b", "old")], goal)).toEqual({ create: 1, remove: [], done: false });
  });

  it("waits until it is available, then takes the least worth of the old", () => {
    const units = [unit("a", "old"), unit("b", "old"), unit("c", "new", false)];
    expect(rollPods(units, goal)).toEqual({ create: 0, remove: [], done: false });
    expect(rollPods([...units.slice(0, 2), unit("c", "new")], goal)).toEqual({ create: 0, remove: ["b"], done: false });
  });

  it("one that leaves still counts for the surge", () => {
    const units = [unit("a", "old"), unit("c", "new")];
    expect(rollPods(units, { ...goal, leaving: 1 }).create).toBe(0);
    expect(rollPods(units, goal).create).toBe(1);
  });

  it("an old one that does nothing goes at once", () => {
    expect(rollPods([unit("a", "old"), unit("b", "old", false)], goal).remove).toEqual(["b"]);
  });

  it("a revision that never works stops after one", () => {
    const units = [unit("a", "old"), unit("b", "old"), unit("c", "new", false)];
    expect(rollPods(units, goal)).toEqual({ create: 0, remove: [], done: false });
  });

  it("without a surge the old goes first", () => {
    expect(rollPods([unit("a", "old")], { ...goal, desired: 1, maxSurge: 0 })).toEqual({
      create: 0,
      remove: ["a"],
      done: false,
    });
    expect(rollPods([], { ...goal, desired: 1, maxSurge: 0 })).toEqual({ create: 1, remove: [], done: true });
  });

  it("from any state it ends with the wanted pods, and keeps R1 and R2 on the way", () => {
    const anyUnit = fc.record({ revision: fc.constantFrom("old", "older", "new"), available: fc.boolean() });
    const anyCount = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(
        fc.array(anyUnit, { maxLength: 8 }),
        anyCount,
        fc.integer({ min: 1, max: 3 }),
        (given, desired, surge) => {
          const units = given.map(({ revision, available }, index) => unit(`g${index}`, revision, available));
          expect(simulate(units, desired, surge)).toEqual({ broken: [], available: desired, total: desired });
        },
      ),
    );
  });
});

/** Goes step by step: what was made becomes available, what was removed is gone, a step later. */
const simulate = (given: readonly RollUnit<string>[], desired: number, maxSurge: number): object => {
  const broken: string[] = [];
  let units = [...given];
  let leaving = 0;
  for (let step = 0; step < 60; step += 1) {
    const { create, remove } = rollPods(units, { revision: "new", desired, maxSurge, leaving });
    const up = units.filter(({ available }) => available);
    const taken = up.filter(({ item }) => remove.includes(item)).length;
    if (taken > 0 && up.length - taken < desired) broken.push("R2");
    if (create > 0 && units.length + leaving + create > desired + maxSurge) broken.push("R1");
    units = units
      .filter(({ item }) => !remove.includes(item))
      .map((kept) => (kept.revision === "new" ? { ...kept, available: true } : kept));
    units.push(...Array.from({ length: create }, (_, index) => unit(`n${step}-${index}`, "new", false)));
    leaving = remove.length;
  }
  const fresh = units.filter(({ revision }) => revision === "new");
  return { broken, available: fresh.filter(({ available }) => available).length, total: units.length };
};
