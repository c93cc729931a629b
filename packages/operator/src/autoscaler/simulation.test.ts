import { describe, expect, it } from "vitest";
import { chanceOf } from "../cluster/fixtures/operator-simulation.ts";
import { decideScale } from "./decide-scale.ts";
import { ScaleSimulation } from "./fixtures/scale-simulation.ts";

const seeds = Array.from({ length: 40 }, (_, index) => 7_919 * (index + 1));

describe.each(seeds)("a cluster whose work comes and goes (seed %i)", (seed) => {
  it("has room for all that fits, keeps its bounds, and never takes a worker that works", () => {
    const chance = chanceOf(seed);
    const world = new ScaleSimulation(chance);
    for (let step = 0; step < 300; step += 1) {
      if (chance(0.1)) world.addWork();
      if (chance(0.1)) world.endWork();
      world.step();
      for (const { min, max, asked } of world.bounds) {
        expect(asked).toBeGreaterThanOrEqual(min);
        expect(asked).toBeLessThanOrEqual(max);
      }
    }
    world.drainsRefused = false;
    for (let step = 0; step < 400; step += 1) world.step();
    expect(world.unplaced).toEqual(world.impossible);
    expect(world.interrupted).toBe(0);
    for (const { min, pods, idle } of world.bounds) expect(idle === 0 || pods === min).toBe(true);
    const writes = world.writes;
    for (let step = 0; step < 100; step += 1) world.step();
    expect(world.writes).toBe(writes);
  });
});

describe("a decision", () => {
  it("is quick for a thousand nodes and thousands of actors", () => {
    const startMs = performance.now();
    const decision = decideScale(ScaleSimulation.large(1_000, 20_000));
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(decision.groups[0]?.added).toBeGreaterThan(0);
  });
});
