import { z } from "zod";
import { defineService, nothing, unary } from "./service.ts";

/** What the controller starts a proxy with (`ActorEntry.args` of module "serve-proxy"). */
export const proxyArgsSchema = z.object({
  /** Address to listen on: the node's own ip, or 0.0.0.0. */
  host: z.string().min(1),
  /** 0 takes any free port; `checkHealth` tells which. */
  port: z.number().int().min(0).max(65_535),
  /** A head's proxy, be it one that stands by, is healthy without a replica, so that scale from zero works. */
  isHead: z.boolean().default(false),
});
export type ProxyArgsInput = z.input<typeof proxyArgsSchema>;

/** What became of the requests of one deployment in one proxy or replica process (`serve/routing` counts). */
export const routerCountersSchema = z.object({
  requests: z.number(),
  sent: z.number(),
  ok: z.number(),
  okAfterRetry: z.number(),
  rejected: z.number(),
  retriedNotAccepted: z.number(),
  retriedRepeatable: z.number(),
  retriedSilent: z.number(),
  outliers: z.number(),
  queued: z.number(),
  overflow: z.number(),
  timedOut: z.number(),
  canceled: z.number(),
  lost: z.number(),
  cut: z.number(),
  failed: z.number(),
});

/** Served by every proxy, called by the controller. */
export const proxyService = defineService("serve-proxy", {
  checkHealth: unary(
    nothing,
    z.object({
      draining: z.boolean(),
      /** A routing snapshot is there. */
      routesReady: z.boolean(),
      /** Version of that snapshot; 0 for none. */
      routingVersion: z.number().int(),
      /** Open client connections. */
      connections: z.number().int(),
      /** Requests that are being answered. */
      ongoing: z.number().int(),
      /** The real port. */
      port: z.number().int(),
    }),
  ),
  /**
   * `draining: true`: the health route fails, so that load balancers stop sending; requests are still
   * served. False takes it back.
   */
  setDraining: unary(z.object({ draining: z.boolean() }), nothing),
  stats: unary(
    nothing,
    z.object({
      /** Requests by deployment key. */
      deployments: z.record(
        z.string(),
        z.object({ queued: z.number().int(), ongoing: z.number().int(), counters: routerCountersSchema }),
      ),
      /** Responses by status class ("2xx") or by the proxy's own reason ("client_gone"). */
      responses: z.record(z.string(), z.number()),
    }),
  ),
});
export type ProxyService = typeof proxyService;
