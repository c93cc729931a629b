import { describe, expect, it } from "vitest";
import { limits } from "../base/limits.ts";
import { workerLimits } from "../worker/limits.ts";
import { nodeLimits } from "./limits.ts";

describe("nodeLimits", () => {
  it("leaves an ordered stop inside the grace of its callers", () => {
    expect(nodeLimits.shutdownMs).toBeLessThan(16_000);
    const ladder = nodeLimits.ladderSlackMs + nodeLimits.ladderTermMs;
    expect(ladder + 3 * nodeLimits.shutdownStepMs).toBeLessThan(nodeLimits.shutdownMs / 2 + 1);
  });

  it("guards only after workers had the time to leave by themselves", () => {
    expect(workerLimits.orphanGraceMs + workerLimits.shutdownSlackMs).toBeLessThan(nodeLimits.guardDelayMs);
    expect(workerLimits.orphanGraceMs + workerLimits.shutdownSlackMs).toBeLessThan(nodeLimits.lostLinkGraceMs);
  });

  it("sees a half-open link before the control store gives the node up", () => {
    expect(nodeLimits.heartbeatMissesMax * 2 * limits.heartbeatPeriodMs).toBeLessThan(limits.heartbeatTimeoutMs);
  });

  it("keeps enough pings open to reach the longest usual verdict", () => {
    expect(nodeLimits.watchdogPingsMax * nodeLimits.watchdogPeriodMs).toBeGreaterThan(limits.watchdogTimeoutMs);
  });
});
