import { describe, expect, it } from "vitest";
import { FakeClock } from "../../base/fake-clock.ts";
import type { NodeId } from "../../base/ids.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import { sampleNode } from "../../store/sample-records.ts";
import { Recovery } from "./recovery.ts";

const begin = (expected: NodeRecord[]): { recovery: Recovery; clock: FakeClock; ended: (readonly NodeId[])[] } => {
  const clock = new FakeClock();
  const ended: (readonly NodeId[])[] = [];
  const recovery = new Recovery({ expected, clock, waitMs: 3_000, onEnd: (missing) => ended.push(missing) });
  recovery.start();
  return { recovery, clock, ended };
};

describe("a recovery", () => {
  it("of an empty cluster is over at once", () => {
    expect(begin([]).ended).toEqual([[]]);
  });

  it("ends when everybody has registered, without waiting longer", async () => {
    const nodes = [sampleNode(), sampleNode()] as const;
    const { recovery, clock, ended } = begin([...nodes]);
    await clock.advance(200);
    recovery.settled(nodes[0].nodeId);
    expect(recovery.active).toBe(true);
    recovery.settled(nodes[1].nodeId);
    expect(ended).toEqual([[]]);
    await clock.advance(10_000);
    expect(ended).toHaveLength(1);
  });

  it("does not wait for whom it has given up, and names it, unless it comes after all", () => {
    const [old, worker, late] = [sampleNode(), sampleNode(), sampleNode()];
    const { recovery, ended } = begin([old, worker, late]);
    recovery.giveUp(old.nodeId);
    recovery.giveUp(late.nodeId);
    recovery.settled(late.nodeId);
    expect(ended).toEqual([]);
    recovery.settled(worker.nodeId);
    expect(ended).toEqual([[old.nodeId]]);
  });

  it("ends with those who did not come when the wait is over", async () => {
    const nodes = [sampleNode(), sampleNode()] as const;
    const { recovery, clock, ended } = begin([...nodes]);
    recovery.settled(nodes[0].nodeId);
    await clock.advance(2_999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual([[nodes[1].nodeId]]);
    expect(recovery.active).toBe(false);
  });

  it("waits again for a node that came and is away again", async () => {
    const nodes = [sampleNode(), sampleNode()] as const;
    const { recovery, clock, ended } = begin([...nodes]);
    recovery.settled(nodes[0].nodeId);
    recovery.lost(nodes[0].nodeId);
    recovery.settled(nodes[1].nodeId);
    expect(ended).toEqual([]);
    await clock.advance(3_000);
    expect(ended).toEqual([[nodes[0].nodeId]]);
  });
});
