/**
 * The store: a durable log of the control store's tables behind one semantic interface. The state itself
 * lives in the control store's memory; it is loaded from here once and written through.
 */
export type { ControlStore, LeaseClaim, LeaseTerm, StoredTables } from "./control-store.ts";
export { openEmbeddedStore } from "./embedded/store.ts";
export { storeLimits } from "./limits.ts";
export { openMemoryStore } from "./memory/store.ts";
export type { KvEntry, TableMutation } from "./mutation.ts";
export { type RedisConfig, redisConfig, redisNamespace } from "./redis/config.ts";
export { type RemovedKey, removeRedisNamespace } from "./redis/remove-namespace.ts";
export { openRedisStore } from "./redis/store.ts";
