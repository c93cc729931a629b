/**
 * RayClusters: what there is of one is observed from the caches, a pure function decides what has to be done, and the
 * plan is applied. Builders make pods and Services as KubeRay's users know them.
 */

export { type GcsBackend, gcsBackend, storageNamespace } from "./build/fault-tolerance.ts";
export { createdByService, headServiceLabels } from "./build/labels.ts";
export {
  authSecretName,
  checkLabel,
  checkName,
  headServiceHost,
  headServiceName,
  serveServiceName,
} from "./build/names.ts";
export { headPortNumber, headPorts, servePorts } from "./build/ports.ts";
export { type ClusterOptions, defaultClusterOptions } from "./cluster-options.ts";
export { conditionIsTrue, type Verdict, withCondition, withoutCondition } from "./conditions.ts";
export { decideCluster } from "./decide/decide-cluster.ts";
export type { DecideContext } from "./decide/decide-context.ts";
export { headsAreDone, standbyCount } from "./decide/decide-heads.ts";
export { type RollGoal, type RollStep, type RollUnit, rollPods } from "./decide/roll-pods.ts";
export { observeCluster } from "./observe-cluster.ts";
export type { ObservedCluster } from "./observed-cluster.ts";
export { isAvailable, isHead, isReady, isTerminating, isWorker } from "./pod-state.ts";
export { addQuantities, formatQuantity, parseQuantity, type Quantity } from "./quantity.ts";
export { ClusterReconciler } from "./reconcile-cluster.ts";
export { digest, headRevision, recreateHash, workerRevision } from "./revision.ts";
