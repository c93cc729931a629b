import { describe, expect, it } from "vitest";
import { FakeClock } from "../../base/fake-clock.ts";
import { Deadlines, type Expiring } from "./deadlines.ts";
import { routingLimits } from "./limits.ts";

class Item implements Expiring<Item> {
  deadlinePrevious: Item | undefined = undefined;
  deadlineNext: Item | undefined = undefined;
  deadlineSlot = -1;
  readonly deadlineMs: number;
  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
  }
}

const setUp = () => {
  const clock = new FakeClock();
  const fired: { item: Item; atMs: number }[] = [];
  const deadlines = new Deadlines<Item>(clock, (item) => fired.push({ item, atMs: clock.nowMs() }));
  return { clock, deadlines, fired };
};

describe("deadlines", () => {
  it("fire once, never early, at most two ticks late, also beyond one turn of the wheel", async () => {
    const { clock, deadlines, fired } = setUp();
    const items = [1, 19, 20, 21, 500, 10_239, 10_240, 10_241, 25_000].map((ms) => new Item(ms));
    for (const item of items) deadlines.add(item);
    await clock.advance(26_000);
    expect(fired.map(({ item }) => item.deadlineMs).toSorted((a, b) => a - b)).toEqual(
      items.map(({ deadlineMs }) => deadlineMs),
    );
    for (const { item, atMs } of fired) {
      expect(atMs).toBeGreaterThanOrEqual(item.deadlineMs);
      expect(atMs).toBeLessThanOrEqual(item.deadlineMs + 2 * routingLimits.deadlineTickMs);
    }
    expect(deadlines.size).toBe(0);
  });

  it("do not fire once removed, and one may remove another while it fires", async () => {
    const clock = new FakeClock();
    const fired: Item[] = [];
    const items = [new Item(10), new Item(10), new Item(10), new Item(10)];
    const deadlines = new Deadlines<Item>(clock, (item) => {
      fired.push(item);
      for (const other of items.slice(1)) deadlines.remove(other);
    });
    for (const item of items.toReversed()) deadlines.add(item);
    await clock.advance(100);
    expect(fired).toEqual([items[0]]);
  });

  it("fires one that had passed before it was added", async () => {
    const { clock, deadlines, fired } = setUp();
    await clock.advance(5_000);
    deadlines.add(new Item(1_000));
    await clock.advance(60);
    expect(fired).toHaveLength(1);
  });
});
