import { expect, it } from "vitest";
import { SilenceHabit } from "./silence-habit.ts";

it("knows no habit by one or two silences: a stopped process is no habit", () => {
  const habit = new SilenceHabit();
  habit.onEnd(10_000, 10_000);
  habit.onEnd(10_000, 30_000);
  expect(habit.patienceMs(30_000)).toBe(0);
});

it("is patient for twice the longest of several silences that ended by themselves, within a bound", () => {
  const habit = new SilenceHabit();
  for (const lastedMs of [1_500, 2_000, 1_200]) habit.onEnd(lastedMs, 10_000);
  expect(habit.patienceMs(10_000)).toBe(4_000);
  habit.onEnd(100_000, 10_000);
  expect(habit.patienceMs(10_000)).toBe(30_000);
});

it("forgets", () => {
  const habit = new SilenceHabit();
  for (let count = 0; count < 20; count += 1) habit.onEnd(2_000, 10_000);
  expect(habit.patienceMs(69_999)).toBe(4_000);
  expect(habit.patienceMs(70_001)).toBe(0);
});
