import { FakeClock } from "mantaray/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { Expectations } from "./expectations.ts";
import { kubeLimits } from "./limits.ts";
import { keyOf, type Stored } from "./objects.ts";
import { resources } from "./resources.ts";

let clock: FakeClock;
let cached: Map<string, Stored>;
let expectations: Expectations;
const ref = { namespace: "default", name: "pod" };
const key = "default/cluster";
const expected = { key, group: "head", resource: resources.pods, ref };

const show = (uid: string, more: object = {}): void => {
  cached.set(keyOf(ref), { metadata: { ...ref, uid, resourceVersion: "1", creationTimestamp: "", ...more } });
};

beforeEach(() => {
  clock = new FakeClock();
  cached = new Map();
  expectations = new Expectations({ lookup: (_, of) => cached.get(keyOf(of)), clock });
});

describe("expectations", () => {
  it("hold a group, and that only, until the cache shows what was created", () => {
    expectations.expectCreation({ ...expected, uid: "1" });
    expect(expectations.isSatisfied(key, "head")).toBe(false);
    expect(expectations.isSatisfied(key, "group:a")).toBe(true);
    expect(expectations.isSatisfied("default/other", "head")).toBe(true);
    show("0");
    expect(expectations.isSatisfied(key, "head")).toBe(false);
    show("1");
    expect(expectations.isSatisfied(key, "head")).toBe(true);
  });

  it("end after their time even when the cache never shows it", async () => {
    expectations.expectCreation({ ...expected, uid: "1" });
    await clock.advance(kubeLimits.expectationTimeoutMs - 1);
    expect(expectations.waitMs(key, "head")).toBe(1);
    await clock.advance(1);
    expect(expectations.waitMs(key, "head")).toBe(0);
  });

  it.each([
    ["gone", () => cached.clear()],
    ["going", () => show("1", { deletionTimestamp: "2026-01-01T00:00:00Z" })],
    ["another by now", () => show("2")],
  ])("take a deleted object as seen once it is %s", (_, change) => {
    show("1");
    expectations.expectDeletion(expected);
    expect(expectations.isSatisfied(key, "head")).toBe(false);
    change();
    expect(expectations.isSatisfied(key, "head")).toBe(true);
  });

  it("can be taken back when the deletion failed", () => {
    show("1");
    const release = expectations.expectDeletion(expected);
    release();
    expect(expectations.isSatisfied(key, "head")).toBe(true);
  });

  it("count an object as seen that came and went between two looks", () => {
    expectations.expectCreation({ ...expected, uid: "1" });
    expectations.observeGone("1");
    expect(expectations.isSatisfied(key, "head")).toBe(true);
  });

  it("are forgotten with their owner", () => {
    expectations.expectCreation({ ...expected, uid: "1" });
    expectations.forget(key);
    expect(expectations.isSatisfied(key, "head")).toBe(true);
  });
});
