import { describe, expect, it } from "vitest";
import { FakeClock } from "../../base/fake-clock.ts";
import { newActorId, newNodeId } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import { gcsLimits } from "../limits.ts";
import { RestartDelays } from "./restart-delays.ts";

const setUp = () => {
  const clock = new FakeClock();
  return { clock, delays: new RestartDelays(clock, seededRandom(1)), actorId: newActorId() };
};

describe("the delay of a restart", () => {
  it("is none at first, then grows within bounds", async () => {
    const { clock, delays, actorId } = setUp();
    expect(delays.crashed(actorId)).toBe(0);
    let last = 0;
    for (let crashes = 0; crashes < 14; crashes += 1) {
      const delayMs = delays.crashed(actorId);
      expect(delayMs).toBeLessThanOrEqual(gcsLimits.restartBackoffMaxMs);
      expect(delays.isDue(actorId)).toBe(false);
      await clock.advance(delayMs);
      expect(delays.isDue(actorId)).toBe(true);
      last = delayMs;
    }
    expect(last).toBeGreaterThanOrEqual(gcsLimits.restartBackoffMaxMs / 2);
  });

  it("is forgotten after a stable life, not after a short one", async () => {
    const { clock, delays, actorId } = setUp();
    delays.crashed(actorId);
    delays.ready(actorId);
    await clock.advance(gcsLimits.restartStableMs / 2);
    expect(delays.crashed(actorId)).toBeGreaterThan(0);
    delays.ready(actorId);
    await clock.advance(gcsLimits.restartStableMs);
    expect(delays.crashed(actorId)).toBe(0);
  });

  it("is inherited by a successor", () => {
    const { delays, actorId } = setUp();
    const next = newActorId();
    delays.crashed(actorId);
    delays.inherit(actorId, next);
    expect(delays.crashed(next)).toBeGreaterThan(0);
  });

  it("after a refusal names the node to avoid until the actor is ready", () => {
    const { delays, actorId } = setUp();
    const nodeId = newNodeId();
    expect(delays.refused(actorId, nodeId)).toBeGreaterThan(0);
    expect(delays.avoid(actorId)).toBe(nodeId);
    delays.ready(actorId);
    expect(delays.avoid(actorId)).toBeUndefined();
  });
});
