import { type Condition, withCondition } from "../controllers/objects/conditions.ts";
import type { GatewayObject, HttpRouteObject, ParentRef, ParentStatus } from "./types.ts";

const controllerName = "manta.io/local-gateway";

/** What became of a Gateway's listeners. */
export interface Programmed {
  readonly address: string;
  /** Of ports that could not be opened. */
  readonly problems: readonly string[];
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus */
export const gatewayStatus = (
  gateway: GatewayObject,
  attachedRoutes: number,
  { address, problems }: Programmed,
  now: string,
): object => {
  const { listeners } = gateway.spec;
  const foreign = listeners.filter(({ protocol }) => protocol !== "HTTP").map(({ name }) => name);
  const accepted = verdict("Accepted", foreign, "ListenersNotValid", "only HTTP is understood, not");
  const programmed = verdict("Programmed", problems, "AddressNotUsable", "cannot listen:");
  return {
    addresses: [{ type: "IPAddress", value: address }],
    conditions: conditionsOf(gateway, gateway.status?.conditions, [accepted, programmed], now),
    listeners: listeners.map(({ name }) => ({ name, attachedRoutes, supportedKinds: [{ kind: "HTTPRoute" }] })),
  };
};

/** The route's status with this Gateway's word in it. `missing`: Services that are not there. */
export const routeStatus = (
  route: HttpRouteObject,
  gateway: GatewayObject,
  missing: readonly string[],
  now: string,
): object => {
  const parents = route.status?.parents ?? [];
  const isThis = ({ name, namespace }: ParentRef): boolean =>
    name === gateway.metadata.name && (namespace ?? route.metadata.namespace) === gateway.metadata.namespace;
  const parentRef = route.spec.parentRefs?.find(isThis) ?? { name: gateway.metadata.name };
  const former = parents.find((parent) => isThis(parent.parentRef));
  const verdicts = [
    verdict("Accepted", [], "Accepted", ""),
    verdict("ResolvedRefs", missing, "BackendNotFound", "no such Service:"),
  ];
  const conditions = conditionsOf(route, former?.conditions, verdicts, now);
  const own: ParentStatus = { parentRef, controllerName, conditions };
  const isStill = ({ parentRef: ref }: ParentStatus): boolean =>
    route.spec.parentRefs?.some(({ name }) => name === ref.name) === true;
  return { parents: [...parents.filter((parent) => parent !== former && isStill(parent)), own] };
};

const verdict = (type: string, problems: readonly string[], reason: string, why: string): Condition =>
  problems.length === 0
    ? { type, status: "True", reason: type, message: "" }
    : { type, status: "False", reason, message: `${why} ${problems.join(", ")}` };

const conditionsOf = (
  { metadata }: GatewayObject | HttpRouteObject,
  before: readonly Condition[] | undefined,
  verdicts: readonly Condition[],
  now: string,
): Condition[] =>
  verdicts.reduce<Condition[]>(
    (conditions, each) =>
      withCondition(conditions, { ...each, observedGeneration: metadata.generation } as Condition, now),
    [...(before ?? [])],
  );
