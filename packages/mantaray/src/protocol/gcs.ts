import { z } from "zod";
import { actorRecordSchema, actorSpecSchema, actorStateSchema } from "./actor.ts";
import { bytesSchema } from "./bytes.ts";
import { actorIdSchema, nodeIdSchema } from "./ids.ts";
import { actorEventSchema, nodeRecordSchema, nodeRegistrationSchema } from "./node.ts";
import { routingSnapshotSchema } from "./routing.ts";
import { defineService, nothing, streaming, unary } from "./service.ts";

/** An entry of the cluster's event log. */
export const clusterEventSchema = z.object({
  atMs: z.number(),
  kind: z.string(),
  message: z.string(),
  fields: z.record(z.string(), z.string()),
});
export type ClusterEvent = z.infer<typeof clusterEventSchema>;

/** What a subscriber hears. The first events after subscribing are the present state, then `synced`. */
export const gcsEventSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("node"), node: nodeRecordSchema }),
  z.object({ kind: z.literal("actor"), actor: actorRecordSchema }),
  z.object({ kind: z.literal("event"), event: clusterEventSchema }),
  z.object({ kind: z.literal("synced") }),
]);
export type GcsEvent = z.infer<typeof gcsEventSchema>;

const kvKey = z.object({ namespace: z.string(), key: z.string() });

/** Served by the control store to agents, actors, the API server and the CLI. */
export const gcsService = defineService("gcs", {
  // Nodes: called by agents. The link that registered a node is the node's life line.
  registerNode: unary(
    nodeRegistrationSchema,
    z.object({
      sessionName: z.string(),
      /** Of the lease: the agent refuses orders of an older one from now on. */
      epoch: z.number().int().positive(),
      /** Control stores of the cluster, leading one first, `tcp:host:port`: where to look when this one is away. */
      gcsAddresses: z.array(z.string()),
      /** Actors in the inventory that nobody wants any more: the agent stops them. */
      unwanted: z.array(actorIdSchema),
      /** Present when the control store's snapshot is newer than the node's. */
      routing: routingSnapshotSchema.optional(),
    }),
  ),
  heartbeat: unary(
    z.object({
      nodeId: nodeIdSchema,
      /** Of the leader that the agent is leaving for: one that is cut off from its store hears so that it leads no more. */
      newerEpoch: z.number().int().positive().optional(),
    }),
    z.object({
      gcsAddresses: z.array(z.string()),
      /** False: it cannot reach its store, so another one may have the lease. An agent with other addresses looks there. */
      storeAvailable: z.boolean(),
    }),
  ),
  reportActor: unary(z.object({ nodeId: nodeIdSchema, event: actorEventSchema }), nothing),
  /** An agent that leaves in order. */
  unregisterNode: unary(z.object({ nodeId: nodeIdSchema, reason: z.string() }), nothing),
  /** An agent that begins to leave: nothing new is placed there, and what lives there is replaced first. */
  nodeDraining: unary(
    z.object({ nodeId: nodeIdSchema, reason: z.string(), timeoutMs: z.number().nonnegative() }),
    nothing,
  ),
  /**
   * Asks a node to leave in order (`manta drain NODE`, a preemption notice, an autoscaler, an operator). Answers
   * once the node is marked; the deadline counts from now. Repeatable: the earlier deadline counts. `not_found`.
   */
  drainNode: unary(
    z.object({ nodeId: nodeIdSchema, reason: z.string(), timeoutMs: z.number().nonnegative() }),
    nothing,
  ),

  // Actors
  /** Answers at once with PENDING_CREATION; `already_exists` when the name is taken by a live actor. */
  createActor: unary(z.object({ spec: actorSpecSchema }), z.object({ actor: actorRecordSchema })),
  /**
   * `noRestart: false`: the process is killed and restarts as `maxRestarts` allows. True: it ends for
   * good. `graceMs` 0 kills at once.
   */
  killActor: unary(
    z.object({ actorId: actorIdSchema, noRestart: z.boolean(), graceMs: z.number().nonnegative(), reason: z.string() }),
    nothing,
  ),
  /** As `killActor` with `noRestart`, and a `keep` actor is not replaced. */
  removeActor: unary(
    z.object({ actorId: actorIdSchema, graceMs: z.number().nonnegative(), reason: z.string() }),
    nothing,
  ),
  /** The live actor of that name, else the newest dead one; `not_found` when there never was one. */
  getActor: unary(z.object({ name: z.string(), namespace: z.string() }), z.object({ actor: actorRecordSchema })),
  listActors: unary(
    z.object({
      className: z.string().optional(),
      namespace: z.string().optional(),
      states: z.array(actorStateSchema).optional(),
      /** Only these; a caller must not rely on it having been heeded. */
      actorIds: z.array(actorIdSchema).optional(),
    }),
    z.object({ actors: z.array(actorRecordSchema) }),
  ),
  listNodes: unary(nothing, z.object({ nodes: z.array(nodeRecordSchema) })),
  listEvents: unary(
    z.object({ limit: z.number().int().positive() }),
    z.object({ events: z.array(clusterEventSchema) }),
  ),
  /** Per-node use of resources by live and starting actors. */
  resourceUsage: unary(
    nothing,
    z.object({
      usage: z.record(z.string(), z.record(z.string(), z.number())),
      pending: z.array(z.record(z.string(), z.number())),
    }),
  ),
  reportEvent: unary(z.object({ event: clusterEventSchema }), nothing),

  // Key-value: bundles and checkpoints
  kvPut: unary(
    kvKey.extend({ value: bytesSchema, overwrite: z.boolean().default(true) }),
    z.object({ added: z.boolean() }),
  ),
  kvGet: unary(kvKey, z.object({ value: bytesSchema.nullable() })),
  kvDelete: unary(kvKey, z.object({ deleted: z.boolean() })),
  kvKeys: unary(z.object({ namespace: z.string(), prefix: z.string() }), z.object({ keys: z.array(z.string()) })),

  // Routing: the controller publishes, agents get it pushed by `agent.putRouting`
  putRouting: unary(z.object({ snapshot: routingSnapshotSchema }), nothing),
  getRouting: unary(nothing, z.object({ snapshot: routingSnapshotSchema.nullable() })),

  /** Present state of the named topics, `synced`, then every change. A slow reader is cut off with `resource_exhausted`. */
  subscribe: streaming(z.object({ topics: z.array(z.enum(["nodes", "actors", "events"])) }), gcsEventSchema),
  /**
   * Health and identity: also what `manta health-check` and `/api/gcs_healthz` ask. The one call that a standby
   * answers too; every other one it refuses with `not_leader`, details `{ leader: "tcp:host:port" | "" }`.
   */
  ping: unary(
    nothing,
    z.object({
      sessionName: z.string(),
      version: z.string(),
      startMs: z.number(),
      recovering: z.boolean(),
      role: z.enum(["leader", "standby"]),
      /** Newest epoch it knows; 0 for none. */
      epoch: z.number().int().nonnegative(),
      /** `tcp:host:port` of the leader; empty where it is not known. */
      leader: z.string(),
      store: z.object({ available: z.boolean(), reason: z.string() }),
    }),
  ),
});
export type GcsService = typeof gcsService;
