import { describe, expect, it } from "vitest";
import {
  isBackDone,
  isForwardDone,
  type Pace,
  type Shares,
  stepBack,
  stepForward,
  type TrafficContext,
} from "./traffic.ts";

const start: Shares = {
  active: { capacity: 100, weight: 100, movedAtMs: undefined },
  pending: { capacity: 0, weight: 0, movedAtMs: undefined },
};
const pace: Pace = { surge: 50, step: 25, intervalMs: 1_000 };
const text = ({ active, pending }: Shares): string =>
  `A${active.capacity}/${active.weight} P${pending.capacity}/${pending.weight}`;

/** Steps of a second, everything ready, until it is done. */
const walk = (
  from: Shares,
  take: typeof stepForward,
  isDone: (shares: Shares) => boolean,
  by: Pace = pace,
): string[] => {
  const seen: string[] = [];
  let shares = from;
  for (let second = 1; second < 500 && !isDone(shares); second += 1) {
    shares = take(shares, by, { nowMs: second * 1_000, gatewayReady: true, pendingReady: true });
    seen.push(text(shares));
  }
  return seen;
};
const sharesOf = (a: number, aw: number, p: number): Shares => ({
  active: { capacity: a, weight: aw, movedAtMs: undefined },
  pending: { capacity: p, weight: 100 - aw, movedAtMs: undefined },
});

describe("an incremental upgrade", () => {
  it("goes the reference's way: capacity, traffic, capacity", () => {
    expect(walk(start, stepForward, isForwardDone)).toEqual([
      "A100/100 P50/0",
      "A100/75 P50/25",
      "A100/50 P50/50",
      "A50/50 P50/50",
      "A50/50 P100/50",
      "A50/25 P100/75",
      "A50/0 P100/100",
      "A0/0 P100/100",
    ]);
  });

  it("is blue and green with steps of 100", () => {
    expect(walk(start, stepForward, isForwardDone, { surge: 100, step: 100, intervalMs: 1_000 })).toEqual([
      "A100/100 P100/0",
      "A100/0 P100/100",
      "A0/0 P100/100",
    ]);
  });

  it.each([
    { surge: 10, step: 5, intervalMs: 1_000 },
    { surge: 30, step: 7, intervalMs: 1_000 },
    { surge: 1, step: 1, intervalMs: 1_000 },
  ])("ends with surge $surge and step $step, never above the capacity", (by) => {
    const seen = walk(start, stepForward, isForwardDone, by);
    expect(seen.at(-1)).toBe("A0/0 P100/100");
    for (const state of seen) {
      const [, a, aw, p, pw] = /A(\d+)\/(\d+) P(\d+)\/(\d+)/.exec(state)?.map(Number) ?? [];
      expect((aw ?? 0) + (pw ?? 0)).toBe(100);
      expect(pw).toBeLessThanOrEqual(p ?? 0);
      expect((a ?? 0) + (p ?? 0)).toBeLessThanOrEqual(100 + by.surge);
    }
  });

  it("waits for the Gateway, for the applications and for the interval", () => {
    const context: TrafficContext = { nowMs: 10_000, gatewayReady: true, pendingReady: true };
    expect(stepForward(start, pace, { ...context, gatewayReady: false })).toEqual(start);
    const grown = sharesOf(100, 100, 50);
    expect(stepForward(grown, pace, { ...context, pendingReady: false })).toEqual(grown);
    const recent: Shares = { ...grown, pending: { ...grown.pending, movedAtMs: 9_500 } };
    expect(stepForward(recent, pace, context)).toEqual(recent);
  });
});

const done = (shares: Shares): boolean => isBackDone(shares, true);

describe("its way back", () => {
  it.each([
    ["early", sharesOf(100, 75, 50)],
    ["late", sharesOf(50, 25, 100)],
    ["before any traffic", sharesOf(100, 100, 100)],
    ["at the end", sharesOf(0, 0, 100)],
  ])("gives the active cluster everything again (%s)", (_, from) => {
    expect(walk(from, stepBack, done).at(-1)).toBe("A100/100 P0/0");
  });

  it("does not wait for a pending cluster that has no head", () => {
    expect(isBackDone(sharesOf(100, 100, 100), false)).toBe(true);
    expect(isBackDone(sharesOf(100, 75, 100), false)).toBe(false);
  });
});
