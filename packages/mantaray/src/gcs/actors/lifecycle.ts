import type { NodeId, WorkerId } from "../../base/ids.ts";
import type { ActorRecord, DeathCause, LinkAddresses } from "../../protocol/actor.ts";

/** What can happen to an actor. */
export type LifecycleEvent =
  /** Placement chose a node. */
  | { readonly kind: "placed"; readonly nodeId: NodeId }
  /** The node would not start it. */
  | { readonly kind: "refused"; readonly nodeId: NodeId; readonly reason: string }
  /** The node says it is starting it, without having been asked by this control store. */
  | { readonly kind: "starting"; readonly nodeId: NodeId; readonly restarts: number }
  | {
      readonly kind: "ready";
      readonly nodeId: NodeId;
      readonly workerId: WorkerId;
      readonly pid: number;
      readonly addresses: LinkAddresses;
      /** How often the node has seen it restarted, when the node says so. */
      readonly restarts?: number;
    }
  | {
      readonly kind: "exited";
      readonly nodeId: NodeId;
      readonly workerId: WorkerId;
      readonly cause: DeathCause;
      /** The node has started it again by itself, whatever `maxRestarts` says: its next life is in the inventory. */
      readonly repaired?: boolean;
    }
  /** The node that should have it does not list it. */
  | { readonly kind: "missing"; readonly nodeId: NodeId }
  | { readonly kind: "nodeDied"; readonly nodeId: NodeId; readonly message: string }
  | {
      readonly kind: "stop";
      readonly noRestart: boolean;
      /** A `keep` actor gets a successor. */
      readonly replace: boolean;
      readonly graceMs: number;
      readonly reason: string;
    }
  /** It waits for something that will not come. */
  | { readonly kind: "abandoned"; readonly message: string };

/** What has to be done because of an event. */
export type LifecycleEffect =
  | { readonly kind: "start"; readonly nodeId: NodeId }
  | { readonly kind: "stop"; readonly nodeId: NodeId; readonly graceMs: number; readonly reason: string }
  /** It needs a node. `crashed`: it ended by its own fault, so a crash loop may be under way. */
  | { readonly kind: "place"; readonly crashed: boolean }
  /** It answered requests until now. */
  | { readonly kind: "down" }
  /** Its successor, with a new id, has to be made. */
  | { readonly kind: "replace" };

export interface Decision {
  readonly record: ActorRecord;
  readonly effects: readonly LifecycleEffect[];
}

/**
 * The life of an actor as one transition function. The phases are those of `phaseOf`; rules:
 *
 * A1 At most one node is meant to have the actor: a node that says it has it and is not that one is told to stop it.
 * A2 A report about an earlier process of the actor changes nothing.
 * A3 Once an end for good was asked for, every way of ending is that end.
 * A4 What dies before it was ever reported ready because its node died is placed again and counts as no restart.
 */
export const decide = (record: ActorRecord, event: LifecycleEvent, atMs: number): Decision => {
  const phase = phaseOf(record);
  if (phase.kind === "dead") return onDead(record, event);
  let decision: Decision = unchanged(record);
  switch (event.kind) {
    case "placed":
      if (phase.kind === "unplaced") decision = started(record, event.nodeId);
      break;
    case "refused":
      if (isStartingOn(phase, event.nodeId)) decision = unplace(record, event.reason, atMs);
      break;
    case "starting":
      decision = onStarting(record, phase, event);
      break;
    case "ready":
      decision = onReady(record, phase, event);
      break;
    case "exited":
      if (isOfThisProcess(record, phase, event)) decision = end(record, event.cause, atMs, event.repaired);
      break;
    case "missing":
      if (isStartingOn(phase, event.nodeId)) decision = unplace(record, "", atMs);
      if (isAliveOn(phase, event.nodeId)) decision = end(record, goneUnseen, atMs);
      break;
    case "nodeDied":
      if (isStartingOn(phase, event.nodeId)) decision = unplace(record, "", atMs); // A4
      if (isAliveOn(phase, event.nodeId)) decision = end(record, { kind: "NODE_DIED", message: event.message }, atMs);
      break;
    case "stop":
      decision = onStop(record, phase, event, atMs);
      break;
    case "abandoned":
      if (phase.kind === "unplaced") {
        decision = die(record, { kind: "NODE_DIED", message: event.message }, true, atMs);
      }
      break;
  }
  return decision;
};

/** Where an actor is in its life, with what belongs to that phase. */
export type Phase =
  /** It needs a node. */
  | { readonly kind: "unplaced" }
  /** A node was chosen and has not said yet that it is ready. */
  | { readonly kind: "starting"; readonly nodeId: NodeId }
  | { readonly kind: "alive"; readonly nodeId: NodeId }
  | { readonly kind: "dead" };

export const phaseOf = ({ state, nodeId }: ActorRecord): Phase => {
  if (state === "DEAD") return { kind: "dead" };
  if (nodeId === null) return { kind: "unplaced" };
  return state === "ALIVE" ? { kind: "alive", nodeId } : { kind: "starting", nodeId };
};

type EventOf<Kind extends LifecycleEvent["kind"]> = Extract<LifecycleEvent, { kind: Kind }>;

const unchanged = (record: ActorRecord, ...effects: LifecycleEffect[]): Decision => ({ record, effects });

const isStartingOn = (phase: Phase, nodeId: NodeId): boolean => phase.kind === "starting" && phase.nodeId === nodeId;
const isAliveOn = (phase: Phase, nodeId: NodeId): boolean => phase.kind === "alive" && phase.nodeId === nodeId;

const isElsewhere = (phase: Phase, nodeId: NodeId): boolean =>
  (phase.kind === "starting" || phase.kind === "alive") && phase.nodeId !== nodeId;

/** A2: the record keeps the worker of the process before while the next one starts. */
const isOfThisProcess = (record: ActorRecord, phase: Phase, { nodeId, workerId }: EventOf<"exited">): boolean =>
  isAliveOn(phase, nodeId) ? record.workerId === workerId : isStartingOn(phase, nodeId) && record.workerId !== workerId;

const goneUnseen: DeathCause = { kind: "CRASHED", message: "its node does not have it any more" };

const stray = (record: ActorRecord, nodeId: NodeId): Decision =>
  unchanged(record, { kind: "stop", nodeId, graceMs: strayGraceMs, reason: "it runs elsewhere or was replaced" });

/** Requests it still answers may finish. */
const strayGraceMs = 5_000;

const onDead = (record: ActorRecord, event: LifecycleEvent): Decision =>
  event.kind === "ready" || event.kind === "starting" ? stray(record, event.nodeId) : unchanged(record);

const started = (record: ActorRecord, nodeId: NodeId): Decision => ({
  record: { ...record, nodeId, pendingReason: "" },
  effects: [{ kind: "start", nodeId }],
});

const onStarting = (record: ActorRecord, phase: Phase, { nodeId, restarts }: EventOf<"starting">): Decision => {
  if (isElsewhere(phase, nodeId)) return stray(record, nodeId); // A1
  if (phase.kind === "starting") return unchanged(record);
  const next = { ...record, nodeId, restarts: Math.max(record.restarts, restarts), pendingReason: "" };
  if (phase.kind === "unplaced") return unchanged(next);
  return unchanged({ ...next, state: "RESTARTING", addresses: null }, { kind: "down" });
};

const onReady = (record: ActorRecord, phase: Phase, event: EventOf<"ready">): Decision => {
  const { nodeId, workerId, pid, addresses } = event;
  if (isElsewhere(phase, nodeId)) return stray(record, nodeId); // A1
  if (phase.kind === "alive" && record.workerId === workerId) return unchanged(record);
  return unchanged({
    ...record,
    state: "ALIVE",
    nodeId,
    workerId,
    pid,
    addresses,
    restarts: Math.max(record.restarts, event.restarts ?? 0),
    deathCause: null,
    pendingReason: "",
  });
};

const onStop = (record: ActorRecord, phase: Phase, event: EventOf<"stop">, atMs: number): Decision => {
  const { noRestart, graceMs, reason } = event;
  if (phase.kind === "starting" || phase.kind === "alive") {
    const effect = { kind: "stop", nodeId: phase.nodeId, graceMs, reason } as const;
    if (!noRestart) return unchanged(record, effect);
    // Once somebody wanted no successor there is none.
    const replace = event.replace && record.stopRequested?.replace !== false;
    return unchanged({ ...record, stopRequested: { replace, graceMs, reason } }, effect);
  }
  return noRestart ? die(record, { kind: "KILLED", message: reason }, event.replace, atMs) : unchanged(record);
};

const unplace = (record: ActorRecord, pendingReason: string, atMs: number): Decision => {
  const { stopRequested } = record;
  if (stopRequested !== undefined) {
    return die(record, { kind: "KILLED", message: stopRequested.reason }, stopRequested.replace, atMs); // A3
  }
  return unchanged({ ...record, nodeId: null, pendingReason }, { kind: "place", crashed: false });
};

const end = (record: ActorRecord, cause: DeathCause, atMs: number, repaired = false): Decision => {
  const { stopRequested, spec, restarts, state } = record;
  if (stopRequested !== undefined) {
    const asked: DeathCause = { ...cause, kind: "KILLED", message: stopRequested.reason };
    return die(record, asked, stopRequested.replace, atMs); // A3
  }
  const mayRestart = repaired || spec.maxRestarts === -1 || restarts < spec.maxRestarts;
  if (!mayRestart) return die(record, cause, true, atMs);
  const crashed = cause.kind !== "NODE_DIED";
  return {
    record: {
      ...record,
      state: "RESTARTING",
      nodeId: null,
      addresses: null,
      restarts: restarts + 1,
      deathCause: cause,
    },
    effects: [...downIf(state === "ALIVE"), { kind: "place", crashed }],
  };
};

const die = (record: ActorRecord, cause: DeathCause, replace: boolean, atMs: number): Decision => {
  const { stopRequested: _asked, ...rest } = record;
  return {
    record: { ...rest, state: "DEAD", addresses: null, deathCause: cause, endMs: atMs, pendingReason: "" },
    effects: [
      ...downIf(record.state === "ALIVE"),
      ...(replace && record.spec.keep ? [{ kind: "replace" } as const] : []),
    ],
  };
};

const downIf = (wasAlive: boolean): LifecycleEffect[] => (wasAlive ? [{ kind: "down" }] : []);
