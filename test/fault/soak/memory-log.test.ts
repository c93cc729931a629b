import { expect, it } from "vitest";
import { growthOf } from "./memory-log.ts";

it("growth counts from the end of the warm-up, and one odd sample does not decide", () => {
  const warmUp = [10, 40, 70, 90, 95];
  const flat = Array.from({ length: 15 }, (_, index) => (index === 14 ? 300 : 100));
  expect(growthOf([...warmUp, ...flat])).toBeCloseTo(0);
  expect(growthOf([...warmUp, ...Array.from({ length: 15 }, (_, index) => 100 + index)])).toBeGreaterThan(5);
});
