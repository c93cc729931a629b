import fc from "fast-check";
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
    fc.assert(
      fc.property(
        fc.array(anyUnit, { maxLength: 8 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (given, desired, maxSurge) => {
          let units: RollUnit<string>[] = given.map((it, index) => ({ ...it, item: `g${index}` }));
          let leaving = 0;
          for (let step = 0; step < 60; step += 1) {
            const before = units;
            const { create, remove, done } = rollPods(units, { revision: "new", desired, maxSurge, leaving });
            const up = units.filter(({ available }) => available).length;
            const taken = before.filter(({ item, available }) => remove.includes(item) && available).length;
            if (taken > 0) expect(up - taken).toBeGreaterThanOrEqual(desired); // R2
            units = units.filter(({ item }) => !remove.includes(item));
            if (create > 0) expect(before.length + leaving + create).toBeLessThanOrEqual(desired + maxSurge); // R1
            if (done && units.length === desired && units.every(({ available }) => available)) return;
            // What was made becomes available, what was removed is gone a step later.
            units = units.map((it) => (it.revision === "new" ? { ...it, available: true } : it));
            units.push(...Array.from({ length: create }, (_, index) => unit(`n${step}-${index}`, "new", false)));
            leaving = remove.length;
          }
          expect.unreachable(`not done: ${JSON.stringify(units)}`);
        },
      ),
    );
  });
});
