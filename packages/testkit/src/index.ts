/** What tests of whole clusters share: a cluster of its own addresses and folders, and a view of what runs in it. */
export { type ActorRow, ClusterState, type NodeRow } from "./cluster-state.ts";
export { freeSubnet } from "./free-subnet.ts";
export { type ClusterProcess, clusterProcesses, isAlive, killPid, startTimeOf } from "./processes.ts";
export { startTestCluster, type TestCluster, type TestClusterOptions } from "./test-cluster.ts";
