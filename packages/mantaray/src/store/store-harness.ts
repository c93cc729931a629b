import type { ControlStore } from "./control-store.ts";

/** One store's worth of persistence, as a backend offers it to the suite. */
export interface StoreHarness {
  /** Opens it; only one is open at a time. What was acknowledged before must be there. */
  open(): Promise<ControlStore>;
  /** Lets the time of leases pass. */
  advance(byMs: number): Promise<void>;
  destroy(): Promise<void>;
  /** Of the leases in the suite; shorter where time is real. Default `storeLimits.leaseTtlMs`. */
  readonly ttlMs?: number;
}
