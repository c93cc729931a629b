/**
 * RayClusters: what there is of one is observed from the caches, a pure function decides what has to be done, and the
 * plan is applied. Builders make pods and Services as KubeRay's users know them.
 */
export { type ClusterOptions, defaultClusterOptions } from "./cluster-options.ts";
export { ClusterReconciler } from "./reconcile-cluster.ts";
