import { serviceConditions, serviceReasons } from "../../api/conditions.ts";
import type { ClusterServiceStatus } from "../../api/ray-service-status.ts";
import type { Condition } from "../../api/schema-parts.ts";
import { conditionIsTrue, withoutCondition } from "../../cluster/conditions.ts";
import type { Action } from "../../kube/plan.ts";
import { clusterChange } from "../cluster-change.ts";
import { appsRun, isApplied, isReachable } from "../cluster-view.ts";
import type { ObservedService, ServeCluster } from "../observed-service.ts";
import type { ClustersGoal } from "./decide-clusters.ts";
import { conditionOf, set } from "./decide-conditions.ts";
import { decideGateway, isGatewayReady } from "./decide-gateway.ts";
import type { ServiceContext } from "./service-context.ts";
import { timeText } from "./service-context.ts";
import type { TrafficStatus } from "./status-parts.ts";
import { isBackDone, isForwardDone, type Share, type Shares, stepBack, stepForward } from "./traffic.ts";

/** What becomes of capacity and traffic. */
export interface IncrementalGoal {
  /** Clusters, after a promotion or a finished rollback. */
  readonly goal: ClustersGoal;
  readonly active: TrafficStatus;
  readonly pending: TrafficStatus;
  /** Way back: the pending cluster's config stays as it is. */
  readonly rollingBack: boolean;
  /** Services of the clusters, Gateway and route; after the status, which holds their figures. */
  readonly actions: readonly Action[];
}

/** One step of an incremental upgrade (reference, section 4.9); the figures live in the status, the route follows them. */
export const decideIncremental = (
  observed: ObservedService,
  goal: ClustersGoal,
  context: ServiceContext,
): IncrementalGoal => {
  const view = (name: string | undefined): ServeCluster | undefined =>
    name === undefined ? undefined : observed.clusters.get(name);
  const active = view(goal.activeName);
  const pending = view(goal.pendingName);
  if (active === undefined) return { goal, active: {}, pending: full, rollingBack: false, actions: [] };
  const { status } = observed.service;
  const isNew = status?.activeServiceStatus?.rayClusterName !== goal.activeName;
  const former = isNew ? undefined : status?.activeServiceStatus;
  if (goal.pendingName === undefined) {
    const alone = { ...(former === undefined ? {} : trafficOf(shareOf(former, 100))), ...full };
    return finish(observed, goal, context, { active: alone, pending: {}, rollingBack: false });
  }
  const shares: Shares = {
    active: shareOf(former, 100),
    pending: shareOf(pendingStatus(observed, goal.pendingName), 0),
  };
  if (pending === undefined) return finish(observed, goal, context, { ...statuses(shares), rollingBack: false });
  return step(observed, goal, context, { active, pending, shares });
};

const full: TrafficStatus = { targetCapacity: 100, trafficRoutedPercent: 100 };

interface Upgrade {
  readonly active: ServeCluster;
  readonly pending: ServeCluster;
  readonly shares: Shares;
}

const step = (
  observed: ObservedService,
  goal: ClustersGoal,
  context: ServiceContext,
  { active, pending, shares }: Upgrade,
): IncrementalGoal => {
  const { service } = observed;
  const rollingBack = clusterChange(pending.cluster, service.spec.rayClusterConfig).kind === "template";
  const config = service.spec.serveConfigV2 ?? "";
  if (!rollingBack && isForwardDone(shares)) {
    const taken: ClustersGoal = { ...goal, activeName: goal.pendingName, pendingName: undefined };
    return finish(observed, taken, context, { active: full, pending: {}, rollingBack });
  }
  if (rollingBack && isBackDone(shares, isReachable(pending))) {
    const back: ClustersGoal = { ...goal, pendingName: undefined };
    return finish(observed, back, context, { active: trafficOf(shares.active), pending: {}, rollingBack: false });
  }
  const traffic = {
    nowMs: context.nowMs,
    gatewayReady: isGatewayReady(observed, { active, pending, shares }),
    pendingReady: appsRun(pending) && isApplied(pending, config, shares.pending.capacity),
  };
  const next = (rollingBack ? stepBack : stepForward)(shares, paceOf(observed), traffic);
  return finish(observed, goal, context, { ...statuses(next), rollingBack });
};

const finish = (
  observed: ObservedService,
  goal: ClustersGoal,
  context: ServiceContext,
  next: Omit<IncrementalGoal, "goal" | "actions">,
): IncrementalGoal => ({
  goal,
  ...next,
  actions: decideGateway(observed, context, {
    activeName: goal.activeName,
    pendingName: goal.pendingName,
    pendingWeight: next.pending.trafficRoutedPercent ?? 0,
  }),
});

/** RollbackInProgress, which is there only while it is. */
export const rollbackConditions = (
  observed: ObservedService,
  list: Condition[],
  rollingBack: boolean,
  context: ServiceContext,
): Condition[] => {
  const type = serviceConditions.rollbackInProgress;
  if (!rollingBack) return conditionOf(list, type) === undefined ? list : withoutCondition(list, type);
  if (conditionIsTrue(list, type)) return list;
  const message = "rayClusterConfig is no longer that of the pending cluster: traffic goes back to the active one";
  const verdict = { type, status: "True" as const, reason: serviceReasons.desiredClusterSpecChanged, message };
  return set(list, verdict, observed.service, context);
};

const pendingStatus = ({ service }: ObservedService, name: string): ClusterServiceStatus | undefined => {
  const { pendingServiceStatus } = service.status ?? {};
  return pendingServiceStatus?.rayClusterName === name ? pendingServiceStatus : undefined;
};

const shareOf = (status: ClusterServiceStatus | undefined, initial: number): Share => ({
  capacity: status?.targetCapacity ?? initial,
  weight: status?.trafficRoutedPercent ?? initial,
  movedAtMs: status?.lastTrafficMigratedTime === undefined ? undefined : Date.parse(status.lastTrafficMigratedTime),
});

const statuses = ({ active, pending }: Shares): Pick<IncrementalGoal, "active" | "pending"> => ({
  active: trafficOf(active),
  pending: trafficOf(pending),
});

const trafficOf = ({ capacity, weight, movedAtMs }: Share): TrafficStatus => ({
  targetCapacity: capacity,
  trafficRoutedPercent: weight,
  ...(movedAtMs === undefined ? {} : { lastTrafficMigratedTime: timeText(movedAtMs) }),
});

const paceOf = ({ service }: ObservedService): Parameters<typeof stepForward>[1] => {
  const options = service.spec.upgradeStrategy?.clusterUpgradeOptions;
  return {
    surge: options?.maxSurgePercent ?? 100,
    step: options?.stepSizePercent ?? 100,
    intervalMs: (options?.intervalSeconds ?? 1) * 1_000,
  };
};
