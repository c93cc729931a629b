import { describe, expect, it } from "vitest";
import { FakeClock } from "../../base/fake-clock.ts";
import { gcsLimits } from "../limits.ts";
import { Isolation, type OtherNode } from "./isolation.ts";

const { isolatedAfterMs } = gcsLimits;
const standby: OtherNode = { mayLead: true, connected: false };
const worker: OtherNode = { mayLead: false, connected: false };
const there = (node: OtherNode): OtherNode => ({ ...node, connected: true });

const setUp = (...others: OtherNode[]) => {
  const clock = new FakeClock();
  const told: string[] = [];
  const isolation = new Isolation({ others: () => others, clock, onIsolated: (reason) => told.push(reason) });
  return { clock, told, isolation, others };
};

describe("a leader", () => {
  it("that has lost all others is isolated after a moment, once", async () => {
    const { clock, told, isolation } = setUp(standby, worker);
    isolation.look();
    await clock.advance(isolatedAfterMs - 1);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toHaveLength(1);
    isolation.look();
    await clock.advance(isolatedAfterMs);
    expect(told).toHaveLength(1);
  });

  it.each([
    ["has a worker left", [standby, worker, there(worker)]],
    ["has lost a single node, which may as well be dead", [standby]],
    ["has its standby left", [there(standby), worker, worker]],
    ["has nobody who could lead", [worker, worker, worker]],
    ["never had another node", []],
  ])("that %s is not", async (_what, others) => {
    const { clock, told, isolation } = setUp(...others);
    isolation.look();
    await clock.advance(10 * isolatedAfterMs);
    expect(told).toEqual([]);
  });

  it("that gets one back within the moment is not", async () => {
    const { clock, told, isolation, others } = setUp(standby, worker);
    isolation.look();
    await clock.advance(isolatedAfterMs / 2);
    others[1] = there(worker);
    await clock.advance(isolatedAfterMs);
    expect(told).toEqual([]);
    others[1] = worker;
    isolation.look();
    await clock.advance(isolatedAfterMs);
    expect(told).toHaveLength(1);
  });

  it("that has stopped is not", async () => {
    const { clock, told, isolation } = setUp(standby, worker);
    isolation.look();
    isolation.stop();
    await clock.advance(isolatedAfterMs);
    expect(told).toEqual([]);
  });
});
