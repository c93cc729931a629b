import { z } from "zod";
import { actorRecordSchema, actorSpecSchema, deathCauseSchema, linkAddressesSchema, resourcesSchema } from "./actor.ts";
import { bytesSchema } from "./bytes.ts";
import { actorIdSchema, nodeIdSchema, workerIdSchema } from "./ids.ts";
import { routingSnapshotSchema } from "./routing.ts";
import { defineService, nothing, unary } from "./service.ts";

/** A node as the control store keeps it. */
export const nodeRecordSchema = z.object({
  nodeId: nodeIdSchema,
  ip: z.string(),
  /** Host name, for people. */
  name: z.string(),
  isHead: z.boolean(),
  state: z.enum(["ALIVE", "DEAD"]),
  stateMessage: z.string(),
  /** Drains: gets no new actors, and what lives there moves away. */
  draining: z.boolean(),
  /** Why it drains, and until when at most (wall clock, ms); null unless it drains. */
  drain: z.object({ reason: z.string(), deadlineMs: z.number() }).nullable().default(null),
  /** Where the node's own control store listens, leading or standing by, `tcp:host:port`; empty where there is none. */
  gcsAddress: z.string().default(""),
  resources: resourcesSchema,
  labels: z.record(z.string(), z.string()),
  /** Where the node's own agent listens. */
  addresses: linkAddressesSchema,
  /** Port of the health endpoint. */
  agentPort: z.number().int(),
  /** Port of the node's Serve proxy: 8000 unless several nodes share one address. */
  proxyPort: z.number().int(),
  startMs: z.number(),
  endMs: z.number().nullable(),
});
export type NodeRecord = z.infer<typeof nodeRecordSchema>;

/** What an agent says of one actor it owns. */
export const inventoryItemSchema = z.object({
  actorId: actorIdSchema,
  workerId: workerIdSchema,
  pid: z.number().int(),
  state: z.enum(["STARTING", "ALIVE"]),
  addresses: linkAddressesSchema.nullable(),
  restarts: z.number().int().nonnegative(),
  /** What it was started from: a control store that has lost its data learns it from here. */
  spec: actorSpecSchema,
  /** Wall clock of the actor's creation, ms. */
  startMs: z.number(),
});
export type InventoryItem = z.infer<typeof inventoryItemSchema>;

/** An actor's process has ended. */
export const actorExitSchema = z.object({
  kind: z.literal("exited"),
  actorId: actorIdSchema,
  workerId: workerIdSchema,
  cause: deathCauseSchema,
  /** While no control store was there the node has started it again, under the same id: the inventory has its next life. */
  repaired: z.boolean().default(false),
});
export type ActorExit = z.infer<typeof actorExitSchema>;

/** First message of an agent on each new link: who it is and everything it owns. */
export const nodeRegistrationSchema = z.object({
  nodeId: nodeIdSchema,
  ip: z.string(),
  name: z.string(),
  isHead: z.boolean(),
  resources: resourcesSchema,
  labels: z.record(z.string(), z.string()),
  addresses: linkAddressesSchema,
  agentPort: z.number().int(),
  proxyPort: z.number().int(),
  startMs: z.number(),
  inventory: z.array(inventoryItemSchema),
  /** Ends that the control store has not confirmed yet: without them it would see actors gone and not know why. */
  exits: z.array(actorExitSchema).default([]),
  /** Newest routing snapshot the node holds; 0 for none. */
  routingVersion: z.number().int().nonnegative(),
  /** As in `nodeRecordSchema`. */
  gcsAddress: z.string().default(""),
  /** The node drains by its own decision (SIGTERM, preemption notice). */
  drain: z.object({ reason: z.string(), deadlineMs: z.number() }).nullable().default(null),
});
export type NodeRegistration = z.infer<typeof nodeRegistrationSchema>;

/** What happened to an actor on its node. */
export const actorEventSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("ready"),
    actorId: actorIdSchema,
    workerId: workerIdSchema,
    pid: z.number().int(),
    addresses: linkAddressesSchema,
  }),
  actorExitSchema,
]);
export type ActorEvent = z.infer<typeof actorEventSchema>;

/** Fencing epoch of the control store that speaks: an agent that has heard of a newer one answers `stale_epoch`. */
const epoch = z.number().int().positive();

/**
 * Served by every node agent, called by the control store on the link that the agent opened to it. All but
 * `followLeader` change something and carry the epoch.
 */
export const agentService = defineService("agent", {
  /** Starts the actor's process and answers at once; `reportActor` tells what became of it. Repeatable. */
  startActor: unary(z.object({ epoch, actor: actorRecordSchema }), nothing),
  /** Stops by the ladder (message, SIGTERM, SIGKILL); `force` goes to SIGKILL at once. Repeatable. */
  stopActor: unary(
    z.object({
      epoch,
      actorId: actorIdSchema,
      graceMs: z.number().nonnegative(),
      force: z.boolean(),
      reason: z.string(),
    }),
    nothing,
  ),
  /** A newer routing snapshot. */
  putRouting: unary(z.object({ epoch, snapshot: routingSnapshotSchema }), nothing),
  /** Actors on other nodes that have died: out of every local routing table at once. */
  actorsDown: unary(z.object({ epoch, actorIds: z.array(actorIdSchema) }), nothing),
  /** Leave in order within `timeoutMs`: as on SIGTERM. Answers at once. Repeatable: the earlier deadline counts. */
  drain: unary(z.object({ epoch, reason: z.string(), timeoutMs: z.number().nonnegative() }), nothing),
  /**
   * Called by a control store that has just taken the lease, on a link of its own to the agent's address: the
   * agent leaves an older leader and dials `address` (`tcp:host:port`). `stale_epoch` when it knows a newer one.
   */
  followLeader: unary(z.object({ epoch, address: z.string() }), nothing),
  /** The snapshot that the node holds, for a control store that has lost its own. */
  getRouting: unary(nothing, z.object({ snapshot: routingSnapshotSchema.nullable() })),
  /** A bundle that the node has in its cache, for a control store that has lost it; null where it has not. */
  getBundle: unary(z.object({ bundleId: z.string() }), z.object({ bytes: bytesSchema.nullable() })),
});
export type AgentService = typeof agentService;
