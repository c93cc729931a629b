/**
 * The caller's side of every request, in proxies and in replicas whose code calls others: which replicas
 * there are, which one gets the request, and what happens when that one is full, gone or silent. A process
 * makes one pool, feeds it the routing snapshots of its node and hands requests to the routers of the
 * deployments it calls. Nothing here ever asks the control plane.
 */

export type { OutboundCall, OutboundRequest, RequestFailure, Router } from "./outbound-request.ts";
export { RouteTable } from "./route-table.ts";
export { createRouterPool, type RouterPool } from "./router-pool.ts";
