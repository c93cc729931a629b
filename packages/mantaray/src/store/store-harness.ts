import type { ControlStore } from "./control-store.ts";

/** One store's worth of persistence, as a backend offers it to the suite. */
export interface StoreHarness {
  /** Opens it; only one is open at a time. What was acknowledged before must be there. */
  open(): Promise<ControlStore>;
  /** Lets the time of leases pass. */
  advance(byMs: number): Promise<void>;
  destroy(): Promise<void>;
  /** The wall clock that the backend goes by. */
  wallMs(): number;
}

/** One store that several processes may have open, with the faults of a server that is somewhere else. */
export interface SharedStoreHarness extends StoreHarness {
  /** From now on the server cannot be reached. */
  away(): Promise<void>;
  /** It can be reached again, with its data. */
  back(): Promise<void>;
  /** Its data is gone. */
  wipe(): Promise<void>;
}
