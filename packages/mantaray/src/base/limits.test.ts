import { expect, it } from "vitest";
import { limits } from "./limits.ts";

it("keeps the limits in relation to one another", () => {
  // Several heartbeats may be lost before a node counts as dead.
  expect(limits.heartbeatTimeoutMs).toBeGreaterThanOrEqual(5 * limits.heartbeatPeriodMs);
  // A restarted control store hears from a reconnecting node before it gives up on it.
  expect(limits.recoveryWaitMs).toBeGreaterThan(limits.nodeReconnectGraceMs);
  // A frame fits the window, or a stream could never send one.
  expect(limits.streamWindowBytes).toBeGreaterThanOrEqual(limits.dataFrameBytesMax);
});
