/**
 * The store: a durable log of the control store's tables behind one semantic interface. The state itself
 * lives in the control store's memory; it is loaded from here once and written through.
 */
export type { ControlStore, KvEntry, LeaseClaim, LeaseTerm, StoredTables } from "./control-store.ts";
export { type EmbeddedStoreOptions, openEmbeddedStore } from "./embedded/store.ts";
export { storeLimits } from "./limits.ts";
export { MemoryDisk, type MemoryStoreOptions, openMemoryStore } from "./memory/store.ts";
