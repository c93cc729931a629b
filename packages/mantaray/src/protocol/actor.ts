import { z } from "zod";
import { actorIdSchema, jobIdSchema, nodeIdSchema, workerIdSchema } from "./ids.ts";

/** Life of an actor, as the reference's State API spells it. */
export const actorStateSchema = z.enum(["DEPENDENCIES_UNREADY", "PENDING_CREATION", "ALIVE", "RESTARTING", "DEAD"]);
export type ActorState = z.infer<typeof actorStateSchema>;

/** Where a process listens for links: `unix:/path` for its own node, `tcp:host:port` for others. */
export const linkAddressesSchema = z.object({ unix: z.string(), tcp: z.string() });
export type LinkAddresses = z.infer<typeof linkAddressesSchema>;

/**
 * What a worker runs. `module` names an entry of `entrypoints.ts` ("serve-controller", "serve-proxy",
 * "serve-replica", "user-actor"); `args` is checked by that module's own schema.
 */
export const actorEntrySchema = z.object({ module: z.string(), args: z.unknown() });
export type ActorEntry = z.infer<typeof actorEntrySchema>;

/** Amounts of named resources, e.g. `{ CPU: 0.5, GPU: 1 }`. */
export const resourcesSchema = z.record(z.string(), z.number().nonnegative());
export type Resources = z.infer<typeof resourcesSchema>;

/** Where an actor may live. */
export const placementSchema = z.object({
  /** Hard pin to one node. */
  nodeId: nodeIdSchema.optional(),
  /** Hard pin to the head, whichever node that is. */
  onHead: z.boolean().default(false),
  strategy: z.enum(["SPREAD", "PACK"]).default("SPREAD"),
  /** Actors with the same key spread away from one another. */
  group: z.string().optional(),
  /** At most this many actors of `group` on one node. */
  groupPerNodeMax: z.number().int().positive().optional(),
});
export type Placement = z.infer<typeof placementSchema>;

/** Everything needed to make an actor, and to make it again. */
export const actorSpecSchema = z.object({
  className: z.string().min(1),
  /** Unique in its namespace among actors that are not DEAD; empty for an anonymous one. */
  name: z.string().default(""),
  namespace: z.string().default("default"),
  jobId: jobIdSchema,
  /** How often a died actor is started again under the same id; -1 for ever. */
  maxRestarts: z.number().int().min(-1).default(0),
  /**
   * When the actor ends for good (killed with `noRestart`), a new one with a new id takes its name.
   * This is what brings a killed controller back; `removeActor` ends it.
   */
  keep: z.boolean().default(false),
  /**
   * While no control store is there its node starts it again in place, as often as it takes, whatever
   * `maxRestarts` says: whoever else replaces it is away as well.
   */
  localRepair: z.boolean().default(false),
  resources: resourcesSchema.default({}),
  placement: placementSchema.prefault({}),
  entry: actorEntrySchema,
  /** A stop that takes longer than this climbs the termination ladder. */
  stopGraceMs: z.number().nonnegative().default(5_000),
  /** A worker whose loop does not answer for this long is killed; 0 switches the watchdog off. */
  watchdogTimeoutMs: z.number().nonnegative().default(30_000),
});
export type ActorSpec = z.infer<typeof actorSpecSchema>;
export type ActorSpecInput = z.input<typeof actorSpecSchema>;

/** Why an actor died. */
export const deathCauseSchema = z.object({
  kind: z.enum(["EXITED", "CRASHED", "KILLED", "NODE_DIED", "CREATION_FAILED", "UNRESPONSIVE", "OUT_OF_MEMORY"]),
  message: z.string(),
  exitCode: z.number().int().nullable().optional(),
  signal: z.string().nullable().optional(),
});
export type DeathCause = z.infer<typeof deathCauseSchema>;

/** An actor as the control store keeps it. */
export const actorRecordSchema = z.object({
  actorId: actorIdSchema,
  spec: actorSpecSchema,
  state: actorStateSchema,
  nodeId: nodeIdSchema.nullable(),
  workerId: workerIdSchema.nullable(),
  pid: z.number().int().nullable(),
  addresses: linkAddressesSchema.nullable(),
  restarts: z.number().int().nonnegative(),
  deathCause: deathCauseSchema.nullable(),
  /** Wall clock of creation and death, ms. */
  startMs: z.number(),
  endMs: z.number().nullable(),
  /** Why it is still pending, for people ("no node has CPU: 2"). */
  pendingReason: z.string().default(""),
  /** Somebody asked that it end for good, and its process has not gone yet. */
  stopRequested: z.object({ replace: z.boolean(), graceMs: z.number().nonnegative(), reason: z.string() }).optional(),
});
export type ActorRecord = z.infer<typeof actorRecordSchema>;
