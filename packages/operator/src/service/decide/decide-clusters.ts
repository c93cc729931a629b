import type { RayService } from "../../api/ray-service.ts";
import type { Action } from "../../kube/plan.ts";
import { clusterChange } from "../cluster-change.ts";
import { appsRun, isApplied, isLeaving, isReachable, isRolling, servingPods } from "../cluster-view.ts";
import { serviceLimits } from "../limits.ts";
import { newClusterName } from "../names.ts";
import type { ObservedService, ServeCluster } from "../observed-service.ts";
import { createCluster, isIncremental, isInPlace, updateCluster } from "./cluster-actions.ts";
import type { ServiceContext } from "./service-context.ts";

/** Which clusters a RayService should have. */
export interface ClustersGoal {
  /** Serves; absent before the first is ready. */
  readonly activeName: string | undefined;
  /** Becomes the one that serves. */
  readonly pendingName: string | undefined;
  /** Changes of clusters that are there. */
  readonly updates: readonly Action[];
  /** Clusters to make, after the status names them. */
  readonly creations: readonly Action[];
  /** Why pods of the active cluster are being exchanged. */
  readonly rolling: string | undefined;
  /** Why a new cluster is being made. */
  readonly upgradeReason: string | undefined;
  /** Clusters that never served and may go at once. */
  readonly discarded: readonly string[];
  /** Since when the pending one could have taken over. */
  readonly readySinceMs: ReadonlyMap<string, number>;
}

/**
 * The state machine of clusters (reference, section 4.2). C1: at most one cluster is pending. C2: the active one gives
 * way only to one whose applications all run. C3: a name is in the status before its cluster is made.
 */
export const decideClusters = (observed: ObservedService, context: ServiceContext): ClustersGoal => {
  const { status } = observed.service;
  const found = (name: string | undefined): ServeCluster | undefined =>
    name === undefined || name === "" ? undefined : observed.clusters.get(name);
  const active = found(status?.activeServiceStatus?.rayClusterName);
  const pendingName = status?.pendingServiceStatus?.rayClusterName;
  const base: ClustersGoal = { ...emptyGoal, activeName: active?.cluster.metadata.name };
  if (pendingName !== undefined && pendingName !== "")
    return decidePending(observed, context, base, { active, pendingName, pending: found(pendingName) });
  if (active === undefined || isLeaving(active)) return startCluster(observed, context, base, "there is none");
  return decideActive(observed, context, base, active);
};

/** No cluster has a role. */
export const emptyGoal: ClustersGoal = {
  activeName: undefined,
  pendingName: undefined,
  updates: [],
  creations: [],
  rolling: undefined,
  upgradeReason: undefined,
  discarded: [],
  readySinceMs: new Map(),
};

/** Only one cluster, and it serves. */
const decideActive = (
  observed: ObservedService,
  context: ServiceContext,
  base: ClustersGoal,
  active: ServeCluster,
): ClustersGoal => {
  const { service } = observed;
  const change = clusterChange(active.cluster, service.spec.rayClusterConfig);
  const rolling = isRolling(active) ? "pods of a former template are being replaced" : undefined;
  if (change.kind === "same") return { ...base, rolling };
  if (change.kind !== "template") return { ...base, rolling, updates: [resize(service, active, context, change.kind)] };
  if (service.spec.upgradeStrategy?.type === "None") return base;
  if (!isInPlace(service)) return startCluster(observed, context, base, "rayClusterConfig has changed");
  if (change.blocker !== undefined) return startCluster(observed, context, base, change.blocker);
  const how = { why: "its pods are replaced one after another", isSizeChanged: true, rolling: true };
  return { ...base, rolling: "rayClusterConfig has changed", updates: [updateCluster(service, active, context, how)] };
};

const resize = (
  service: RayService,
  view: ServeCluster,
  context: ServiceContext,
  kind: "size" | "appended",
): Action => {
  const why = kind === "size" ? "its sizes have changed" : "it has new worker groups";
  return updateCluster(service, view, context, { why, isSizeChanged: true, rolling: false });
};

interface PendingState {
  readonly active: ServeCluster | undefined;
  readonly pendingName: string;
  readonly pending: ServeCluster | undefined;
}

/** A cluster is on its way. */
const decidePending = (
  observed: ObservedService,
  context: ServiceContext,
  base: ClustersGoal,
  { active, pendingName, pending }: PendingState,
): ClustersGoal => {
  const { service } = observed;
  const wanted = service.spec.rayClusterConfig;
  const kept: ClustersGoal = { ...base, pendingName };
  if (pending === undefined)
    return { ...kept, creations: [createCluster(service, pendingName, context, grows(service, active))] };
  if (isLeaving(pending)) return startCluster(observed, context, base, "the pending cluster was deleted");
  const change = clusterChange(pending.cluster, wanted);
  // An incremental upgrade rolls back by steps: see decideIncremental.
  if (change.kind === "template" && !(isIncremental(service) && active !== undefined)) {
    const discarded = [pendingName];
    const isBack =
      active !== undefined && !isLeaving(active) && clusterChange(active.cluster, wanted).kind !== "template";
    if (isBack) return { ...base, discarded };
    return { ...startCluster(observed, context, base, "rayClusterConfig has changed again"), discarded };
  }
  if (change.kind === "size" || change.kind === "appended")
    return { ...kept, updates: [resize(service, pending, context, change.kind)] };
  if (isIncremental(service) && active !== undefined) return kept;
  return promoted(observed, context, kept, { active, pendingName, pending });
};

/** The pending cluster takes over once it can, with as many endpoints as the old one has or after a short wait. */
const promoted = (
  { service }: ObservedService,
  context: ServiceContext,
  kept: ClustersGoal,
  { active, pendingName, pending }: Required<PendingState>,
): ClustersGoal => {
  if (pending === undefined || !canServe(pending, service)) return kept;
  const taken: ClustersGoal = { ...kept, activeName: pendingName, pendingName: undefined };
  const needed = active === undefined ? 0 : servingPods(active).length;
  const has = servingPods(pending).length;
  if (has >= needed) return taken;
  const since = context.readySinceMs.get(pendingName) ?? context.nowMs;
  const isPatient = has === 0 || context.nowMs - since < serviceLimits.endpointsWaitMs;
  return isPatient ? { ...kept, readySinceMs: new Map([[pendingName, since]]) } : taken;
};

/** Whether all applications of the config run on it. */
const canServe = (view: ServeCluster, service: RayService): boolean =>
  isReachable(view) && appsRun(view) && isApplied(view, service.spec.serveConfigV2 ?? "", capacityOf(service));

/** The first cluster of an incremental service has all of the capacity. */
const capacityOf = (service: RayService): number | undefined => (isIncremental(service) ? 100 : undefined);

const grows = (service: RayService, active: ServeCluster | undefined): boolean =>
  isIncremental(service) && active !== undefined;

/** C3: this pass names it, and makes it once the name is written. */
const startCluster = (
  { service, clusters }: ObservedService,
  context: ServiceContext,
  base: ClustersGoal,
  upgradeReason: string,
): ClustersGoal => {
  let pendingName = newClusterName(service, context.random);
  // The name of a cluster that is still on its way out would be taken for it.
  for (let attempt = 0; clusters.has(pendingName) && attempt < 8; attempt += 1)
    pendingName = newClusterName(service, context.random);
  const growing = grows(service, base.activeName === undefined ? undefined : clusters.get(base.activeName));
  return {
    ...base,
    pendingName,
    upgradeReason,
    creations: [createCluster(service, pendingName, context, growing)],
  };
};
