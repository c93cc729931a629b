import type { TrafficPlan } from "./protocol.ts";

/** Every class in flight at any moment, and the better half of two cores left to the cluster. */
export const trafficPlan = (url: string, seed: number): TrafficPlan => ({
  url,
  seed,
  connections: 8,
  closedPerSecond: 400,
  openPerSecond: 260,
  openConnectionsMax: 256,
  uploadsPerSecond: 0.5,
  streams: 6,
  sockets: 4,
  timeoutMs: 30_000,
});
