/** A folder of `packages/mantaray/src`, and whether it is the code of a process of its own. */
export interface Layer {
  readonly name: string;
  readonly says: string;
  readonly process?: true;
}

interface Exception {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/**
 * The layers of `packages/mantaray/src`, lowest first. Imports point downwards only: a layer may import
 * those before it, unless `closed` says that it meets them only in `protocol/` and `rpc/` because it is
 * another process. The import checker and the diagram in docs/architecture.md are made from this list.
 */
export const layers: readonly Layer[] = [
  { name: "base", says: "errors, ids, clock, random, limits, log" },
  { name: "protocol", says: "every schema that crosses a process or a disk" },
  { name: "store", says: "durable log of the control store" },
  { name: "rpc", says: "links: multiplexed, flow-controlled streams" },
  { name: "gcs", says: "control store process", process: true },
  { name: "actor", says: "client of the cluster" },
  { name: "node", says: "node agent process", process: true },
  { name: "worker", says: "worker process", process: true },
  { name: "serve/config", says: "serveConfigV2 and option objects" },
  { name: "serve/routing", says: "replica choice, retries" },
  { name: "serve/api", says: "what users import" },
  { name: "serve/build", says: "TypeScript to one bundle" },
  { name: "serve/replica", says: "hosting user code", process: true },
  { name: "serve/proxy", says: "HTTP front", process: true },
  { name: "serve/controller", says: "target state, reconcilers", process: true },
  { name: "dashboard", says: "REST and State API", process: true },
  { name: "local", says: "a whole cluster on one machine" },
  { name: "cli", says: "one file a command" },
];

/**
 * Imports from one process's layer to another's that are meant, each with its reason.
 */
export const exceptions: readonly Exception[] = [
  { from: "serve/replica", to: "worker", reason: "implements worker/actor-module.ts" },
  { from: "serve/proxy", to: "worker", reason: "implements worker/actor-module.ts" },
  { from: "serve/controller", to: "worker", reason: "implements worker/actor-module.ts" },
  { from: "local", to: "node", reason: "starts nodes" },
  { from: "cli", to: "node", reason: "starts and stops nodes" },
];
