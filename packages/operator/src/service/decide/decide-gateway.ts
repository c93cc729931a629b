import type { Condition } from "../../api/schema-parts.ts";
import { conditionIsTrue } from "../../cluster/conditions.ts";
import { digest } from "../../cluster/revision.ts";
import type { Draft, Stored } from "../../kube/objects.ts";
import { type Action, typed } from "../../kube/plan.ts";
import { buildGateway, buildHttpRoute, type WeightedCluster } from "../build/gateway.ts";
import { buildClusterServeService } from "../build/services.ts";
import { type Gateway, gateways, type HttpRoute, httpRoutes } from "../gateway-resources.ts";
import { serviceAnnotations } from "../names.ts";
import type { ObservedService, ServeCluster } from "../observed-service.ts";
import { ensureService } from "./decide-services.ts";
import { normal, type ServiceContext, scopes, tell, warning } from "./service-context.ts";
import type { Shares } from "./traffic.ts";

/** Who gets how much. */
export interface RouteGoal {
  readonly activeName: string | undefined;
  readonly pendingName: string | undefined;
  readonly pendingWeight: number;
}

/** Services of the clusters, the Gateway and its route with the weights of the status. */
export const decideGateway = (observed: ObservedService, _context: ServiceContext, goal: RouteGoal): Action[] => {
  const { service, clusters } = observed;
  const backend = (name: string | undefined, weight: number): readonly (WeightedCluster & { view: ServeCluster })[] => {
    const view = name === undefined ? undefined : clusters.get(name);
    return view === undefined ? [] : [{ view, cluster: view.cluster, weight }];
  };
  const backends = [
    ...backend(goal.activeName, 100 - goal.pendingWeight),
    ...backend(goal.pendingName, goal.pendingWeight),
  ];
  try {
    return [
      ...backends.flatMap(({ view }) =>
        ensureService(buildClusterServeService(service, view.cluster), view.serveService),
      ),
      ...ensure("Gateway", buildGateway(service), observed.gateway),
      ...ensure("HTTPRoute", buildHttpRoute(service, backends), observed.route),
    ];
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return [tell(scopes.gateway, warning("FailedToCreateHTTPRoute", "Create", note))];
  }
};

/** Whether the Gateway and the route have taken what they were told last, weights included. */
export const isGatewayReady = (
  { gateway, route }: ObservedService,
  {
    active,
    pending,
    shares,
  }: { readonly active: ServeCluster; readonly pending: ServeCluster; readonly shares: Shares },
): boolean => {
  const accepted = hold(gateway, gateway?.status?.conditions, "Accepted", "Programmed");
  const parents = route?.status?.parents ?? [];
  const routed =
    parents.length > 0 && parents.every(({ conditions }) => hold(route, conditions, "Accepted", "ResolvedRefs"));
  const weights = new Map(route?.spec.rules[0]?.backendRefs.map(({ name, weight }) => [name, weight ?? 1]));
  const weightOf = (view: ServeCluster): number | undefined => weights.get(`${view.cluster.metadata.name}-serve-svc`);
  return accepted && routed && weightOf(active) === shares.active.weight && weightOf(pending) === shares.pending.weight;
};

/** What is said of an older generation, of former weights that is, holds no more; who names none means the newest. */
const hold = (
  of: Stored<Gateway | HttpRoute> | undefined,
  conditions: readonly Condition[] | undefined,
  ...types: readonly string[]
): boolean => {
  const generation = of?.metadata.generation ?? 0;
  const current = conditions?.filter(({ observedGeneration = generation }) => observedGeneration >= generation);
  return types.every((type) => conditionIsTrue(current, type));
};

const ensure = <T extends Gateway | HttpRoute>(
  kind: "Gateway" | "HTTPRoute",
  wanted: T,
  found: Stored<T> | undefined,
): Action[] => {
  const hash = digest(wanted, 16);
  if (found?.metadata.annotations?.[serviceAnnotations.appliedHash] === hash) return [];
  const object = {
    ...wanted,
    metadata: { ...wanted.metadata, annotations: { [serviceAnnotations.appliedHash]: hash } },
  };
  const [done, verb] = found === undefined ? ["Created", "Create" as const] : ["Updated", "Update" as const];
  const rest = {
    scope: scopes.gateway,
    onDone: normal(`${done}${kind}`, verb, `${done} ${kind} {name}`),
    onError: warning(`FailedTo${verb}${kind}`, verb, `Could not ${verb.toLowerCase()} ${kind} {name}: {error}`),
  };
  return kind === "Gateway"
    ? [typed.apply(gateways, object as Draft<Gateway>, rest)]
    : [typed.apply(httpRoutes, object as Draft<HttpRoute>, rest)];
};
