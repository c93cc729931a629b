import { z } from "zod";
import { actorRecordSchema, linkAddressesSchema } from "./actor.ts";
import { actorIdSchema, nodeIdSchema, workerIdSchema } from "./ids.ts";
import { routingSnapshotSchema } from "./routing.ts";
import { defineService, nothing, streaming, unary } from "./service.ts";

/** Served by every worker, called by its node agent on the link that the worker opened. */
export const workerService = defineService("worker", {
  /** Turns an idle worker into the actor. Answers when the actor is ready; an error means it cannot be. */
  hostActor: unary(z.object({ actor: actorRecordSchema }), z.object({ addresses: linkAddressesSchema })),
  /** First rung of the ladder: finish what is in flight within `graceMs`, then exit with code 0. */
  shutdown: unary(z.object({ graceMs: z.number().nonnegative(), reason: z.string() }), nothing),
  /** Answered from the event loop: the agent's watchdog. */
  ping: unary(nothing, z.object({ rssBytes: z.number() })),
});
export type WorkerService = typeof workerService;

/** What a worker that watches routing hears: the newest snapshot first, then changes. */
export const routingEventSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("snapshot"), snapshot: routingSnapshotSchema }),
  /** Died this moment, on this node or another: out of the tables before the next snapshot says so. */
  z.object({ kind: z.literal("down"), actorIds: z.array(actorIdSchema) }),
]);
export type RoutingEvent = z.infer<typeof routingEventSchema>;

/** Served by the node agent to the workers of its node, over its unix socket. */
export const nodeLocalService = defineService("node-local", {
  /** First call of a worker. The link is its life line: when it breaks, the worker leaves. */
  registerWorker: unary(
    z.object({ workerId: workerIdSchema, pid: z.number().int() }),
    z.object({ nodeId: nodeIdSchema, nodeIp: z.string(), sessionDir: z.string() }),
  ),
  /** Path of a bundle in the node's cache; fetched from the control store once per node. */
  fetchBundle: unary(z.object({ bundleId: z.string() }), z.object({ path: z.string() })),
  watchRouting: streaming(nothing, routingEventSchema),
  /**
   * A listening socket that the agent keeps while processes come and go, so that connections wait instead of being
   * refused. It comes over the worker's own channel (`child_process`), before the answer. `already_exists`: the
   * address is in use.
   */
  listenSocket: unary(z.object({ host: z.string(), port: z.number().int().min(1).max(65_535) }), nothing),
  /** The worker will not listen again: a socket that nobody else holds is closed. */
  releaseSockets: unary(nothing, nothing),
  /**
   * The worker leaves and goes on serving until another process has taken its actor over: for an actor that may
   * restart. Answers when that process is ready. `draining`: none will come.
   */
  handOver: unary(nothing, nothing),
  /** Where the control store is, newest knowledge. */
  gcsAddresses: unary(nothing, z.object({ addresses: z.array(z.string()) })),
});
export type NodeLocalService = typeof nodeLocalService;
