import { FakeClock } from "mantaray/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { WorkQueue } from "./work-queue.ts";

let clock: FakeClock;
let queue: WorkQueue;
const takeKey = async (): Promise<string | undefined> => (await queue.take())?.key;

beforeEach(() => {
  clock = new FakeClock();
  queue = new WorkQueue({ clock, random: () => 1, initialMs: 100, maxMs: 1_000 });
});

describe("a work queue", () => {
  it("hands keys out in order, each once however often it is added", async () => {
    for (const key of ["a", "b", "a", "c", "b"]) queue.add(key);
    expect([await takeKey(), await takeKey(), await takeKey()]).toEqual(["a", "b", "c"]);
    expect(queue.depth).toBe(0);
  });

  it("never gives a key to two, and brings it again after the first when it was added meanwhile", async () => {
    queue.add("a");
    await takeKey();
    queue.add("a");
    queue.add("b");
    expect(queue.depth).toBe(1);
    queue.done("a");
    expect([await takeKey(), await takeKey()]).toEqual(["b", "a"]);
  });

  it("adds after the earliest of its delays, and at once when it is added meanwhile", async () => {
    queue.addAfter("a", 500);
    queue.addAfter("a", 200);
    queue.addAfter("a", 900);
    await clock.advance(199);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(queue.depth).toBe(1);
    await takeKey();
    queue.done("a");
    await clock.advance(2_000);
    expect(queue.depth).toBe(0);
    queue.addAfter("b", 500);
    queue.add("b");
    expect([queue.depth, queue.delayedCount]).toEqual([1, 0]);
  });

  it("waits longer for a key each time it fails, up to a limit, and starts anew when it did well", () => {
    expect([1, 2, 3, 4, 5, 6].map(() => queue.addFailed("a"))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(queue.addFailed("b", 30)).toBe(30);
    queue.forget("a");
    expect(queue.addFailed("a")).toBe(100);
  });

  it("a key that fails all the time does not keep the others waiting", async () => {
    queue.add("bad");
    queue.add("good");
    await takeKey();
    queue.addFailed("bad");
    queue.done("bad");
    expect(await takeKey()).toBe("good");
  });

  it("tells those who wait when it is closed, and takes nothing more", async () => {
    const waiting = queue.take();
    queue.close();
    queue.add("a");
    queue.addAfter("a", 1);
    expect([await waiting, await queue.take(), queue.depth]).toEqual([undefined, undefined, 0]);
  });
});
