import { serviceConditions, serviceReasons } from "../../api/conditions.ts";
import type { RayService } from "../../api/ray-service.ts";
import type { RayServiceStatus } from "../../api/ray-service-status.ts";
import type { Condition } from "../../api/schema-parts.ts";
import { conditionIsTrue, type Verdict } from "../../cluster/conditions.ts";
import type { Action } from "../../kube/plan.ts";
import { gateways, httpRoutes } from "../gateway-resources.ts";
import { serviceLimits } from "../limits.ts";
import type { ObservedService } from "../observed-service.ts";
import { deleteCluster } from "./cluster-actions.ts";
import { conditionOf, initialConditions, set } from "./decide-conditions.ts";
import { removeService } from "./decide-services.ts";
import { writeStatus } from "./decide-status.ts";
import { normal, requeue, type ServiceContext, scopes, warning } from "./service-context.ts";

/**
 * Suspension (reference, section 4.10): asked for, under way, done; undefined: the RayService runs. S1: once begun it
 * is brought to its end before anything else, whatever the spec says meanwhile. S2: the status says so first.
 */
export const decideSuspend = (observed: ObservedService, context: ServiceContext): Action[] | undefined => {
  const { service } = observed;
  const conditions = service.status?.conditions;
  const isSuspending = conditionIsTrue(conditions, serviceConditions.suspending);
  const isSuspended = conditionIsTrue(conditions, serviceConditions.suspended);
  if (isSuspending) return suspendOn(observed, context);
  const wanted = service.spec.suspend === true;
  if (!wanted) return isSuspended ? resume(service, context) : undefined;
  return isSuspended ? writeStatus(service, service.status ?? {}, context) : begin(service, context);
};

const begin = (service: RayService, context: ServiceContext): Action[] => {
  const verdict = suspending("True", serviceReasons.suspendRequested, "Suspension was asked for");
  return [
    ...writeStatus(service, bare(set(service.status?.conditions ?? [], verdict, service, context)), context),
    requeue(scopes.clusters, serviceLimits.suspendRequeueMs),
  ];
};

const suspendOn = (observed: ObservedService, context: ServiceContext): Action[] => {
  const { service, clusters, services, gateway, route } = observed;
  const isGone = clusters.size === 0 && services.length === 0 && gateway === undefined && route === undefined;
  if (isGone) return writeStatus(service, bare(stopped(service, serviceReasons.suspendComplete, context)), context);
  return [
    ...writeStatus(service, bare(stopped(service, serviceReasons.suspendInProgress, context)), context),
    ...(route === undefined ? [] : [removeGatewayObject(httpRoutes, "HTTPRoute", route.metadata)]),
    ...(gateway === undefined ? [] : [removeGatewayObject(gateways, "Gateway", gateway.metadata)]),
    ...services
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((found) => removeService(found, scopes.services)),
    ...[...clusters.values()]
      .filter(({ cluster }) => cluster.metadata.deletionTimestamp === undefined)
      .map(({ cluster }) => deleteCluster(cluster, "the RayService is suspended")),
    requeue(scopes.clusters, serviceLimits.suspendRequeueMs),
  ];
};

/** Nothing serves: Ready and the others say why. */
const stopped = (
  service: RayService,
  reason: typeof serviceReasons.suspendInProgress | typeof serviceReasons.suspendComplete,
  context: ServiceContext,
): Condition[] => {
  const isDone = reason === serviceReasons.suspendComplete;
  const message = isDone ? "The RayService is suspended" : "The RayService is being suspended";
  const before = service.status?.conditions ?? [];
  const off = [serviceConditions.ready, serviceConditions.upgradeInProgress, serviceConditions.rollbackInProgress]
    .filter((type) => type !== serviceConditions.rollbackInProgress || conditionOf(before, type) !== undefined)
    .map((type): Verdict => ({ type, status: "False", reason, message }));
  const verdicts = [
    ...off,
    suspending(isDone ? "False" : "True", reason, message),
    ...(isDone ? [{ type: serviceConditions.suspended, status: "True", reason, message } satisfies Verdict] : []),
  ];
  return verdicts.reduce<Condition[]>((list, verdict) => set(list, verdict, service, context), [...before]);
};

/** Everything begins anew; so does the time to become ready. */
const resume = (service: RayService, context: ServiceContext): Action[] => {
  const verdict: Verdict = {
    type: serviceConditions.suspended,
    status: "False",
    reason: serviceReasons.resumed,
    message: "The RayService was resumed",
  };
  const list = initialConditions(service, context);
  return [...writeStatus(service, bare(set(list, verdict, service, context)), context), requeue(scopes.clusters, 1)];
};

const suspending = (status: "True" | "False", reason: string, message: string): Verdict => ({
  type: serviceConditions.suspending,
  status,
  reason,
  message,
});

/** No cluster has a role. */
const bare = (conditions: Condition[]): RayServiceStatus => ({ conditions, numServeEndpoints: 0 });

/** Deletes a Gateway or its route. */
export const removeGatewayObject = (
  resource: typeof gateways | typeof httpRoutes,
  kind: "Gateway" | "HTTPRoute",
  { namespace, name }: { readonly namespace?: string | undefined; readonly name: string },
): Action => ({
  kind: "delete",
  resource,
  ref: { namespace, name },
  scope: scopes.gateway,
  onDone: normal(`Deleted${kind}`, "Delete", `Deleted ${kind} {name}`),
  onError: warning(`FailedToDelete${kind}`, "Delete", `Could not delete ${kind} {name}: {error}`),
});
