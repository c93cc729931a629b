/** Clusters on networks of their own, made of namespaces, whose paths a test can cut. Linux and root only. */
export { Fabric, type FabricMember, type Path } from "./fabric.ts";
export { within } from "./ip.ts";
export { type CutDirection, NetnsCluster, type NetnsClusterOptions, startNetnsCluster } from "./netns-cluster.ts";
export { NetnsNode } from "./netns-node.ts";
export { netnsMissing } from "./support.ts";
