/**
 * Client of a cluster: finds its control store, keeps a link to it, and finds, calls, makes and kills
 * actors. Used by the API server, the CLI, the controller and by scripts.
 */

export type { CallOptions } from "./actor-handle.ts";
export { ActorHandle } from "./actor-handle.ts";
export { Cluster } from "./cluster.ts";
export { clusterAddresses, clusterTempDir, currentClusterFile, linkAddress } from "./cluster-addresses.ts";
export type { ConnectOptions } from "./connect.ts";
export { connect } from "./connect.ts";
export { disconnect, getActor, kill } from "./default-cluster.ts";
export { packValue, unpackValue } from "./invoke-codec.ts";
export type { ClusterStatus, StatusTextOptions } from "./status/cluster-status.ts";
export { clusterStatusText, clusterTotals } from "./status/cluster-status.ts";
export { fetchClusterStatus } from "./status/fetch-cluster-status.ts";
export { formatBytes, formatUsage } from "./status/resource-text.ts";
