import type { RayServiceStatus } from "../../api/ray-service-status.ts";
import type { Action } from "../../kube/plan.ts";
import { appsRun, isApplied } from "../cluster-view.ts";
import { gateways, httpRoutes } from "../gateway-resources.ts";
import { serviceLimits } from "../limits.ts";
import type { ObservedService, ServeCluster } from "../observed-service.ts";
import { isIncremental } from "./cluster-actions.ts";
import { decideApps } from "./decide-apps.ts";
import { type ClustersGoal, decideClusters } from "./decide-clusters.ts";
import { initializingLeftMs, runningConditions } from "./decide-conditions.ts";
import { decideIncremental, type IncrementalGoal, rollbackConditions } from "./decide-incremental.ts";
import { decideHeadLabels } from "./decide-labels.ts";
import { decideRetiring } from "./decide-retiring.ts";
import { decideServices } from "./decide-services.ts";
import { writeStatus } from "./decide-status.ts";
import { removeGatewayObject } from "./decide-suspend.ts";
import { requeue, type ServiceContext, scopes } from "./service-context.ts";
import type { ServiceDecision } from "./service-decision.ts";
import { clusterServiceStatus, withoutUndefined } from "./status-parts.ts";

/** What a running RayService needs, in the order in which it is safe to die anywhere. */
export const decideRunning = (
  observed: ObservedService,
  context: ServiceContext,
): Omit<ServiceDecision, "plan"> & { readonly actions: readonly Action[] } => {
  const clusters = decideClusters(observed, context);
  const steps = isIncremental(observed.service)
    ? decideIncremental(observed, clusters, context)
    : withoutSteps(clusters);
  const { goal } = steps;
  const view = (name: string | undefined): ServeCluster | undefined =>
    name === undefined ? undefined : observed.clusters.get(name);
  const active = view(goal.activeName);
  const apps = decideApps(observed, goal, {
    active: steps.active.targetCapacity,
    pending: steps.pending.targetCapacity,
    rollingBack: steps.rollingBack,
  });
  const retiring = decideRetiring(observed, goal, context);
  const status = statusOf(observed, steps, retiring.retiring, context);
  const busy = isBusy(observed, goal, active);
  const actions: Action[] = [
    ...[active, view(goal.pendingName)]
      .filter((it) => it !== undefined)
      .flatMap((it) => decideHeadLabels(observed.service, it)),
    // Traffic goes to a cluster before the status calls it active, and nothing is deleted before the status says so.
    ...(active === undefined ? [] : decideServices(observed, active, context)),
    ...goal.updates,
    ...writeStatus(observed.service, status, context),
    ...goal.creations,
    ...steps.actions,
    ...leftoverGateway(observed, goal),
    ...apps.actions,
    ...retiring.deletions,
    ...wakeUps(observed, goal, busy, context),
  ];
  return { actions, puts: apps.puts, busy, readySinceMs: goal.readySinceMs };
};

const withoutSteps = (goal: ClustersGoal): IncrementalGoal => ({
  goal,
  active: {},
  pending: {},
  rollingBack: false,
  actions: [],
});

const statusOf = (
  observed: ObservedService,
  steps: IncrementalGoal,
  retiring: NonNullable<RayServiceStatus["retiringClusters"]>,
  context: ServiceContext,
): RayServiceStatus => {
  const { service, clusters } = observed;
  const { goal } = steps;
  const former = service.status;
  const of = (name: string | undefined, traffic: IncrementalGoal["active"]): RayServiceStatus["activeServiceStatus"] =>
    clusterServiceStatus(name, name === undefined ? undefined : clusters.get(name), former, traffic);
  const endpoints = countEndpoints(observed, goal);
  const conditions = runningConditions(service, goal, endpoints, context);
  return withoutUndefined<RayServiceStatus>({
    numServeEndpoints: endpoints,
    activeServiceStatus: of(goal.activeName, steps.active),
    pendingServiceStatus: of(goal.pendingName, steps.pending),
    conditions: rollbackConditions(observed, conditions, steps.rollingBack, context),
    retiringClusters: retiring.length === 0 ? undefined : retiring,
    serviceStatus: undefined,
    observedGeneration: undefined,
    lastUpdateTime: undefined,
  });
};

/** Ready pods behind the serve Service and, in an incremental upgrade, behind those of the clusters. */
const countEndpoints = (observed: ObservedService, goal: ClustersGoal): number => {
  const services = [
    observed.serveService,
    ...[goal.activeName, goal.pendingName].map((name) =>
      name === undefined ? undefined : observed.clusters.get(name)?.serveService,
    ),
  ].filter((service) => service !== undefined);
  return new Set(services.flatMap(({ metadata }) => [...observed.readyEndpoints(metadata.name)])).size;
};

/** A Gateway of a strategy that was given up. */
const leftoverGateway = ({ service, gateway, route }: ObservedService, goal: ClustersGoal): Action[] => {
  if (isIncremental(service) || goal.pendingName !== undefined) return [];
  return [
    ...(route === undefined ? [] : [removeGatewayObject(httpRoutes, "HTTPRoute", route.metadata)]),
    ...(gateway === undefined ? [] : [removeGatewayObject(gateways, "Gateway", gateway.metadata)]),
  ];
};

/** Whether more than watching is due. */
const isBusy = ({ service }: ObservedService, goal: ClustersGoal, active: ServeCluster | undefined): boolean => {
  if (goal.pendingName !== undefined || goal.rolling !== undefined || active === undefined) return true;
  const capacity = isIncremental(service) ? 100 : undefined;
  return !appsRun(active) || !isApplied(active, service.spec.serveConfigV2 ?? "", capacity);
};

const wakeUps = (
  { service }: ObservedService,
  goal: ClustersGoal,
  busy: boolean,
  { nowMs }: ServiceContext,
): Action[] => {
  const leftMs = initializingLeftMs(service, nowMs);
  const gatewayMs = busy ? serviceLimits.gatewayBusyMs : serviceLimits.gatewayCalmMs;
  return [
    ...(leftMs === undefined ? [] : [requeue(scopes.clusters, leftMs)]),
    ...(isIncremental(service) ? [requeue(scopes.gateway, gatewayMs)] : []),
    ...(goal.readySinceMs.size === 0 ? [] : [requeue(scopes.clusters, serviceLimits.busyPollMs)]),
  ];
};
