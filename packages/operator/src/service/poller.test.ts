import { FakeClock } from "mantaray/testing";
import { expect, it } from "vitest";
import { Poller, type PollTarget } from "./poller.ts";

const setUp = (runningMax = 2) => {
  const clock = new FakeClock();
  const changes: string[] = [];
  const asked: string[] = [];
  const values = new Map<string, number>();
  const poller = new Poller<number>({
    clock,
    fingerprint: String,
    onChange: (owner) => changes.push(owner),
    runningMax,
  });
  const target = (id: string, intervalMs = 1_000, takesMs = 0): PollTarget<number> => ({
    id,
    intervalMs: () => intervalMs,
    ask: async () => {
      asked.push(id);
      if (takesMs > 0) await new Promise<void>((resolve) => void clock.after(takesMs, resolve));
      return values.get(id) ?? 0;
    },
  });
  return { clock, changes, asked, values, poller, target };
};

it("asks at once, then at its interval, and tells of changes only", async () => {
  const { clock, changes, asked, values, poller, target } = setUp();
  poller.want("a", [target("x")]);
  await clock.advance(3_500);
  expect([asked.length, changes, poller.result("x")]).toEqual([4, ["a"], 0]);
  values.set("x", 1);
  await clock.advance(1_000);
  expect([changes, poller.result("x")]).toEqual([["a", "a"], 1]);
});

it("asks no more what nobody wants, and forgets it", async () => {
  const { clock, asked, poller, target } = setUp();
  poller.want("a", [target("x"), target("y")]);
  await clock.advance(10);
  poller.want("a", [target("y")]);
  await clock.advance(2_000);
  expect([asked.filter((id) => id === "x").length, poller.result("x")]).toEqual([1, undefined]);
});

it("has a bounded number of questions under way, each once at a time", async () => {
  const { clock, asked, poller, target } = setUp(2);
  poller.want(
    "a",
    ["1", "2", "3", "4"].map((id) => target(id, 1_000, 500)),
  );
  await clock.advance(100);
  expect(asked).toEqual(["1", "2"]);
  await clock.advance(500);
  expect(asked).toEqual(["1", "2", "3", "4"]);
});

it("forgets an answer that has become old, also one that is on its way", async () => {
  const { clock, asked, values, poller, target } = setUp();
  poller.want("a", [target("x", 60_000, 500)]);
  await clock.advance(100);
  poller.refresh("x");
  values.set("x", 7);
  await clock.advance(450);
  expect(poller.result("x")).toBeUndefined();
  await clock.advance(1_000);
  expect([asked.length, poller.result("x")]).toEqual([2, 7]);
});

it("takes a shorter interval from now on", async () => {
  const { clock, asked, poller, target } = setUp();
  poller.want("a", [target("x", 60_000)]);
  await clock.advance(100);
  poller.want("a", [target("x", 1_000)]);
  await clock.advance(1_100);
  expect(asked.length).toBe(2);
});
