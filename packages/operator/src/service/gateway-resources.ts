import type { Condition } from "../api/schema-parts.ts";
import type { ObjectMeta } from "../kube/objects.ts";
import { defineResource, type Resource } from "../kube/resources.ts";

/** Reference to an object that a route hangs on or sends to. */
export interface BackendRef {
  readonly name: string;
  readonly port?: number;
  readonly weight?: number;
  readonly kind?: string;
  readonly group?: string;
}

/** A Gateway of gateway.networking.k8s.io/v1, the part we use. */
export interface Gateway {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: ObjectMeta;
  readonly spec: {
    readonly gatewayClassName: string;
    readonly listeners: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** An HTTPRoute, the part we use. */
export interface HttpRoute {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: ObjectMeta;
  readonly spec: {
    readonly parentRefs: readonly { readonly name: string; readonly namespace?: string }[];
    readonly rules: readonly {
      readonly matches?: readonly { readonly path: { readonly type: string; readonly value: string } }[];
      readonly backendRefs: readonly BackendRef[];
    }[];
  };
  readonly status?: { readonly parents?: readonly { readonly conditions?: readonly Condition[] }[] };
}

const group = "gateway.networking.k8s.io";

/** Gateways. */
export const gateways: Resource<Gateway> = defineResource(group, "v1", "gateways", "Gateway");
/** Routes. */
export const httpRoutes: Resource<HttpRoute> = defineResource(group, "v1", "httproutes", "HTTPRoute");
