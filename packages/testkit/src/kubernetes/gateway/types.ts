import type { KubeObject, ResourceId } from "../api/objects.ts";
import type { Condition } from "../controllers/objects/conditions.ts";

const group = "gateway.networking.k8s.io";

/** Gateways and their routes. https://gateway-api.sigs.k8s.io/reference/spec/ */
export const gatewayResources = {
  gateways: { group, version: "v1", plural: "gateways" },
  httpRoutes: { group, version: "v1", plural: "httproutes" },
} as const satisfies Record<string, ResourceId>;

/** A port of a Gateway. */
export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

/** The part of a Gateway that is looked at. */
export interface GatewayObject extends KubeObject {
  spec: { readonly gatewayClassName: string; readonly listeners: readonly Listener[] };
  status?: { readonly conditions?: readonly Condition[] };
}

/** Which Gateway a route hangs on. */
export interface ParentRef {
  readonly name: string;
  readonly namespace?: string;
}

/** A Service that a rule sends to. */
export interface BackendRef {
  readonly name: string;
  readonly port?: number;
  readonly weight?: number;
}

/** One rule of a route. */
export interface HttpRouteRule {
  readonly matches?: readonly { readonly path?: { readonly type?: string; readonly value?: string } }[];
  readonly backendRefs?: readonly BackendRef[];
}

/** What a route says of itself to one Gateway. */
export interface ParentStatus {
  readonly parentRef: ParentRef;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

/** The part of an HTTPRoute that is looked at. */
export interface HttpRouteObject extends KubeObject {
  spec: { readonly parentRefs?: readonly ParentRef[]; readonly rules?: readonly HttpRouteRule[] };
  status?: { readonly parents?: readonly ParentStatus[] };
}
