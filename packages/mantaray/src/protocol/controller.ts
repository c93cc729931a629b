import { z } from "zod";
import { defineService, nothing, unary } from "./service.ts";

/** Where the controller and everything of Serve lives. */
export const serveNamespace = "serve";
export const controllerName = "SERVE_CONTROLLER_ACTOR";
export const controllerClassName = "ServeController";
export const proxyClassName = "HTTPProxyActor";
export const proxyName = (nodeId: string): string => `${controllerName}:SERVE_PROXY_ACTOR-${nodeId}`;

/**
 * Served by the controller actor. Configs and details travel as plain JSON values: their schemas are
 * `serve/config` (in) and `protocol/serve-details` (out).
 */
export const controllerService = defineService("serve-controller", {
  /** Goal-state replace of the declarative apps (`PUT /api/serve/applications/`). Validates, checkpoints, answers; work goes on after. */
  deploy: unary(z.object({ config: z.unknown(), source: z.enum(["declarative", "imperative"]) }), nothing),
  /** `ServeInstanceDetails` as `GET /api/serve/applications/` gives it. */
  details: unary(
    z.object({ source: z.enum(["declarative", "imperative"]).optional() }),
    z.object({ details: z.unknown() }),
  ),
  deleteApps: unary(z.object({ names: z.array(z.string()) }), nothing),
  /** Deletes every app, proxies included; the controller ends itself last. */
  shutdown: unary(nothing, nothing),
  scale: unary(
    z.object({ app: z.string(), deployment: z.string(), replicas: z.number().int().nonnegative() }),
    nothing,
  ),
});
export type ControllerService = typeof controllerService;
