import { describe, expect, it } from "vitest";
import { limits } from "../base/limits.ts";
import { storeLimits } from "../store/index.ts";
import { gcsLimits } from "./limits.ts";

describe("the limits of the control store", () => {
  it("a leader doubts its lease before it can have passed to somebody else", () => {
    const { leaseTickMs, leaseStallMs } = gcsLimits;
    expect(storeLimits.leaseRenewPeriodMs + leaseTickMs + leaseStallMs).toBeLessThan(storeLimits.leaseTtlMs);
  });

  it("a store that is slow by two seconds is waited for, and a caller hears in time of one that is away", () => {
    expect(gcsLimits.storePatienceMs).toBeGreaterThan(2_000);
    expect(gcsLimits.storeAckMs).toBeGreaterThan(3 * 2_000);
    expect(gcsLimits.storeRetryMaxMs).toBeLessThan(1_000);
  });

  it("a successor has the lease before the one that stepped down asks for it again", () => {
    expect(gcsLimits.stepDownMs).toBeGreaterThan(5 * gcsLimits.standbyPollMs);
  });

  it("the largest value fits into the queue, and an orderly stop into its bound", () => {
    expect(gcsLimits.storeQueueBytesMax).toBeGreaterThan(limits.controlMessageBytesMax);
    expect(2 * gcsLimits.shutdownFlushMs).toBeLessThan(gcsLimits.shutdownMs);
  });

  it("nodes are told of a new leader several times before the recovery gives them up", () => {
    expect(gcsLimits.followRetryMs * 4).toBeLessThan(gcsLimits.formerHeadWaitMs);
    expect(gcsLimits.formerHeadWaitMs).toBeLessThan(limits.recoveryWaitMs);
  });
});
