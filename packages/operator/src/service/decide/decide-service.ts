import { serviceConditions, serviceMessages, serviceReasons } from "../../api/conditions.ts";
import { finalizers, kinds, managedByOperator, rayApiVersion } from "../../api/names.ts";
import type { RayService } from "../../api/ray-service.ts";
import type { RayServiceStatus } from "../../api/ray-service-status.ts";
import { describeProblem } from "../../api/validate-ray-cluster.ts";
import { validateRayService } from "../../api/validate-ray-service.ts";
import type { Action, Plan } from "../../kube/plan.ts";
import { rayServices } from "../../kube/ray-resources.ts";
import { serviceLimits } from "../limits.ts";
import type { ObservedService } from "../observed-service.ts";
import { deleteCluster } from "./cluster-actions.ts";
import { emptyGoal } from "./decide-clusters.ts";
import { conditionOf, initializingLeftMs, set } from "./decide-conditions.ts";
import { decideRetiring } from "./decide-retiring.ts";
import { decideRunning } from "./decide-running.ts";
import { writeStatus } from "./decide-status.ts";
import { decideSuspend } from "./decide-suspend.ts";
import { requeue, type ServiceContext, scopes, tell, warning } from "./service-context.ts";
import type { ServiceDecision } from "./service-decision.ts";

/** Decides what to do about a RayService (reference, section 4.1). Pure. */
export const decideService = (observed: ObservedService, context: ServiceContext): ServiceDecision => {
  const { service } = observed;
  if ((service.spec.managedBy ?? managedByOperator) !== managedByOperator) return decision(service, []);
  if (service.metadata.deletionTimestamp !== undefined) return decision(service, decideDeletion(observed));
  if (service.metadata.finalizers?.includes(finalizers.rayService) !== true)
    return decision(service, [addFinalizer(service)]);
  const problems = validateRayService(service);
  if (problems.length > 0) {
    const isMetadata = problems.every(({ field }) => field.startsWith("metadata"));
    return decision(service, decideInvalid(service, problems.map(describeProblem).join("; "), isMetadata, context));
  }
  const suspended = decideSuspend(observed, context);
  if (suspended !== undefined) return decision(service, suspended);
  const ready = conditionOf(service.status?.conditions, serviceConditions.ready);
  if (ready?.reason === serviceReasons.initializingTimeout || initializingLeftMs(service, context.nowMs) === 0)
    return decision(service, decideTimedOut(observed, context));
  const { actions, ...rest } = decideRunning(observed, context);
  return { plan: planOf(service, actions), ...rest };
};

/** A RayService which is no such thing: says why and leaves everything as it is. */
export const decideInvalid = (
  service: RayService,
  why: string,
  isMetadata: boolean,
  context: ServiceContext,
): Action[] => {
  const message = why.slice(0, serviceLimits.conditionMessageMax);
  const verdict = {
    type: serviceConditions.ready,
    status: "False" as const,
    reason: serviceReasons.validationFailed,
    message,
  };
  const conditions = set(service.status?.conditions ?? [], verdict, service, context);
  const reason = isMetadata ? "InvalidRayServiceMetadata" : "InvalidRayServiceSpec";
  return [
    tell("invalid", warning(reason, "Validate", message)),
    ...writeStatus(service, { ...service.status, conditions }, context),
  ];
};

/** A plan about a RayService. */
export const planOf = (service: RayService, actions: readonly Action[]): Plan => {
  const { namespace, name, uid, resourceVersion } = service.metadata;
  return {
    key: `${namespace}/${name}`,
    subject: { apiVersion: rayApiVersion, kind: kinds.rayService, namespace, name, uid, resourceVersion },
    actions,
  };
};

const decision = (service: RayService, actions: readonly Action[]): ServiceDecision => ({
  plan: planOf(service, actions),
  puts: [],
  busy: false,
  readySinceMs: new Map(),
});

const addFinalizer = (service: RayService): Action =>
  patchFinalizers(service, [...(service.metadata.finalizers ?? []), finalizers.rayService]);

const patchFinalizers = ({ metadata }: RayService, list: readonly string[]): Action => ({
  kind: "patch",
  resource: rayServices,
  ref: { namespace: metadata.namespace, name: metadata.name },
  patch: {
    type: "merge",
    body: { metadata: { resourceVersion: metadata.resourceVersion, finalizers: list } },
  },
  scope: scopes.clusters,
});

/** All clusters at once; then the finalizer. */
const decideDeletion = ({ service, clusters }: ObservedService): Action[] => {
  const { finalizers: list = [] } = service.metadata;
  if (!list.includes(finalizers.rayService)) return [];
  if (clusters.size === 0)
    return [
      patchFinalizers(
        service,
        list.filter((it) => it !== finalizers.rayService),
      ),
    ];
  return [...clusters.values()]
    .filter(({ cluster }) => cluster.metadata.deletionTimestamp === undefined)
    .map(({ cluster }) => deleteCluster(cluster, "its RayService is deleted"));
};

/** It has not become ready in its time, and stays so: only its clusters go. */
const decideTimedOut = (observed: ObservedService, context: ServiceContext): Action[] => {
  const { service } = observed;
  const { retiring, deletions } = decideRetiring(observed, emptyGoal, context);
  const message = `${serviceMessages.initializingTimeout}: delete it and make it anew`;
  const { initializingTimeout: reason } = serviceReasons;
  const isNews = conditionOf(service.status?.conditions, serviceConditions.ready)?.reason !== reason;
  const verdict = { type: serviceConditions.ready, status: "False" as const, reason, message };
  const status: RayServiceStatus = {
    conditions: set(service.status?.conditions ?? [], verdict, service, context),
    numServeEndpoints: 0,
    ...(retiring.length === 0 ? {} : { retiringClusters: retiring }),
  };
  return [
    ...writeStatus(service, status, context),
    ...(isNews ? [tell(scopes.clusters, warning("RayServiceInitializingTimeout", "Reconcile", message))] : []),
    ...deletions,
    ...(retiring.length === 0 ? [] : [requeue(scopes.clusters, serviceLimits.busyPollMs)]),
  ];
};
