/** A whole cluster on one machine: what `manta run`, the tests and the fault scoreboard stand on. */
export type { AppsView, ReplicaView } from "./api-client.ts";
export { ApiClient } from "./api-client.ts";
export { LocalCluster, type LocalClusterOptions } from "./cluster.ts";
export type { LocalNode } from "./local-node.ts";
export { type LocalPlan, plainNode } from "./local-plan.ts";
export { createPlan } from "./plan.ts";
export { type RunOptions, runLocal } from "./run.ts";
