/** Types of `status.conditions` of a RayCluster. */
export const clusterConditions = {
  headPodReady: "HeadPodReady",
  provisioned: "RayClusterProvisioned",
  replicaFailure: "ReplicaFailure",
  suspending: "RayClusterSuspending",
  suspended: "RayClusterSuspended",
} as const;

/** Reasons of a RayCluster's conditions. */
export const clusterReasons = {
  headPodRunningAndReady: "HeadPodRunningAndReady",
  headPodNotFound: "HeadPodNotFound",
  containersNotReady: "ContainersNotReady",
  unknown: "Unknown",
  allPodRunningAndReadyFirstTime: "AllPodRunningAndReadyFirstTime",
  podsProvisioning: "RayClusterPodsProvisioning",
  failedDeleteAllPods: "FailedDeleteAllPods",
  failedDeleteHeadPod: "FailedDeleteHeadPod",
  failedCreateHeadPod: "FailedCreateHeadPod",
  failedDeleteWorkerPod: "FailedDeleteWorkerPod",
  failedCreateWorkerPod: "FailedCreateWorkerPod",
} as const;

/** Values of `status.state` of a RayCluster; an unset state is one that was never ready. */
export const clusterStates = { ready: "ready", suspended: "suspended", failed: "failed" } as const;

/** Types of `status.conditions` of a RayService. */
export const serviceConditions = {
  ready: "Ready",
  upgradeInProgress: "UpgradeInProgress",
  rollbackInProgress: "RollbackInProgress",
  suspending: "Suspending",
  suspended: "Suspended",
} as const;

/** Reasons of a RayService's conditions. */
export const serviceReasons = {
  initializing: "Initializing",
  nonZeroServeEndpoints: "NonZeroServeEndpoints",
  zeroServeEndpoints: "ZeroServeEndpoints",
  initializingTimeout: "InitializingTimeout",
  validationFailed: "ValidationFailed",
  bothClustersExist: "BothActivePendingClustersExist",
  noPendingCluster: "NoPendingCluster",
  noActiveCluster: "NoActiveCluster",
  desiredClusterSpecChanged: "DesiredClusterSpecChanged",
  suspendRequested: "SuspendRequested",
  suspendInProgress: "SuspendInProgress",
  suspendComplete: "SuspendComplete",
  resumed: "RayServiceResumed",
  /** UpgradeInProgress of an upgrade inside the active cluster (ours). */
  rollingInPlace: "RollingInPlace",
} as const;

/** Messages of a RayService's conditions that are part of the seam. */
export const serviceMessages = {
  initializing: "RayService is initializing",
  nonZeroServeEndpoints: "Number of serve endpoints is greater than 0",
  zeroServeEndpoints: "Number of serve endpoints dropped to 0",
  initializingTimeout: "RayService failed to become ready within the configured timeout",
} as const;

/** Value of `status.serviceStatus` while the Ready condition is True; unset otherwise. */
export const serviceRunning = "Running";
