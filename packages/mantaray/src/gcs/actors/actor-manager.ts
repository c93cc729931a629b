import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { sleep } from "../../base/wait.ts";
import type { ActorRecord, ActorSpec } from "../../protocol/actor.ts";
import type { InventoryItem, NodeRegistration } from "../../protocol/node.ts";
import { gcsLimits } from "../limits.ts";
import type { AgentSession, AgentSessions } from "../nodes/agent-session.ts";
import type { EventLog } from "../pubsub/event-log.ts";
import { judgeUnknown } from "../recovery/adoption.ts";
import { reconcileInventory } from "../recovery/reconcile-inventory.ts";
import type { ActorTable } from "../state/actor-table.ts";
import type { Ledger } from "../state/ledger.ts";
import { describeChange } from "./actor-events.ts";
import { decide, type LifecycleEffect, type LifecycleEvent, phaseOf } from "./lifecycle.ts";
import { newActor } from "./new-actor.ts";
import type { RestartDelays } from "./restart-delays.ts";

/** What the manager works with. */
export interface ActorManagerDeps {
  readonly actors: ActorTable;
  readonly sessions: AgentSessions;
  readonly delays: RestartDelays;
  readonly ledger: Ledger;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly log: Log;
  /** Some actor needs a node, now or after the delay. */
  readonly requestPlacement: (delayMs: number) => void;
}

/** Applies what happens to actors and does what follows from it. */
export class ActorManager {
  readonly #deps: ActorManagerDeps;
  /** Actors that only their nodes knew. */
  readonly #foundlings = new WeakSet<ActorSpec>();

  constructor(deps: ActorManagerDeps) {
    this.#deps = deps;
  }

  /** `already_exists` when a live actor has the name, `resource_exhausted` at the limit of actors. */
  create(spec: ActorSpec): ActorRecord {
    const { actors, clock } = this.#deps;
    const present = spec.name === "" ? undefined : actors.live(spec.namespace, spec.name);
    if (present !== undefined) {
      throw new MantaError(
        "already_exists",
        `an actor named ${JSON.stringify(spec.name)} lives in namespace ${JSON.stringify(spec.namespace)}`,
        { details: { actorId: present.actorId, state: present.state } },
      );
    }
    if (actors.liveCount >= gcsLimits.liveActorsMax) {
      throw new MantaError("resource_exhausted", `there are ${gcsLimits.liveActorsMax} actors already`);
    }
    const record = newActor(spec, clock.wallMs());
    actors.put(record);
    this.#deps.requestPlacement(0);
    return record;
  }

  /** Something happened to an actor. An unknown one is ignored: its row was dropped long after its death. */
  apply(actorId: ActorId, event: LifecycleEvent): void {
    const { actors, clock } = this.#deps;
    const before = actors.get(actorId);
    if (before === undefined) return;
    const { record, effects } = decide(before, event, clock.wallMs());
    const successor = effects.some(({ kind }) => kind === "replace")
      ? newActor(record.spec, clock.wallMs())
      : undefined;
    if (successor !== undefined) actors.put(record, successor);
    else if (record !== before) actors.put(record);
    this.#note(before, record, successor);
    for (const effect of effects) this.#perform(record, effect, event);
  }

  /** Ends or restarts an actor. Resolves when its agent has the order or will have it; `not_found` for an unknown one. */
  async stop(actorId: ActorId, order: Omit<Extract<LifecycleEvent, { kind: "stop" }>, "kind">): Promise<void> {
    const { actors, ledger, log } = this.#deps;
    const record = actors.get(actorId);
    if (record === undefined) throw new MantaError("not_found", `there is no actor ${actorId}`);
    const { record: next, effects } = decide(record, { kind: "stop", ...order }, this.#deps.clock.wallMs());
    const told = effects.find((effect) => effect.kind === "stop");
    if (told === undefined) {
      this.apply(actorId, { kind: "stop", ...order });
      return;
    }
    if (next !== record) actors.put(next);
    await ledger.orderable();
    try {
      await this.#tellStop(actorId, told);
    } catch (error) {
      // An end for good is on record: the node hears of it when it comes back.
      if (!order.noRestart) throw error;
      log.warn({ err: error, actorId, nodeId: told.nodeId }, "an agent could not be told to stop an actor; it will be");
    }
  }

  /** All actors of a node are gone with it. */
  nodeDied(nodeId: NodeId, message: string): void {
    for (const { actorId } of this.#deps.actors.onNode(nodeId))
      this.apply(actorId, { kind: "nodeDied", nodeId, message });
  }

  /** Believes a node about what has ended and what it has. Returns what the node should stop. */
  believe(
    nodeId: NodeId,
    { inventory, exits }: Pick<NodeRegistration, "inventory" | "exits">,
  ): { adopted: number; unwanted: ActorId[] } {
    const { actors } = this.#deps;
    const living = new Set(inventory.map(({ actorId }) => actorId));
    for (const { actorId, workerId, cause, repaired } of exits) {
      // Repaired and ended again since: then the last end counts.
      const isBack = repaired && living.has(actorId);
      this.apply(actorId, { kind: "exited", nodeId, workerId, cause, repaired: isBack });
    }
    const { events, unwanted, stopAgain, adopted, unknown } = reconcileInventory(nodeId, inventory, actors);
    for (const [actorId, event] of events) this.apply(actorId, event);
    for (const actorId of stopAgain) this.#stopAgain(actorId);
    const strangers = unknown.filter(([item, event]) => !this.#adopt(item, event)).map(([{ actorId }]) => actorId);
    return { adopted: adopted + unknown.length - strangers.length, unwanted: [...unwanted, ...strangers] };
  }

  /** Takes in an actor that only its node knows. False: nobody wants it. */
  #adopt(item: InventoryItem, event: LifecycleEvent): boolean {
    const { actors, log } = this.#deps;
    const adoption = judgeUnknown(item, actors, ({ spec }) => this.#foundlings.has(spec));
    if (adoption.kind === "unwanted") return false;
    const { record, instead } = adoption;
    const { actorId, spec } = record;
    log.warn({ actorId, className: spec.className, name: spec.name }, "adopts an actor that the store did not have");
    this.#foundlings.add(spec);
    actors.put(record);
    this.apply(actorId, event);
    if (instead !== undefined) {
      const reason = `actor ${actorId} has its name`;
      this.apply(instead.actorId, { kind: "stop", noRestart: true, replace: false, graceMs: 0, reason });
    }
    return true;
  }

  #stopAgain(actorId: ActorId): void {
    const stopRequested = this.#deps.actors.get(actorId)?.stopRequested;
    if (stopRequested === undefined) return;
    this.apply(actorId, { kind: "stop", noRestart: true, ...stopRequested });
  }

  #note(before: ActorRecord, after: ActorRecord, successor: ActorRecord | undefined): void {
    const { events, delays } = this.#deps;
    const entry = describeChange(before, after);
    if (entry !== undefined) events.say(entry.kind, entry.message, entry.fields);
    if (after.state === "ALIVE" && before.state !== "ALIVE") delays.ready(after.actorId);
    if (after.state !== "DEAD" || before.state === "DEAD") return;
    if (successor === undefined) {
      delays.forget(after.actorId);
      return;
    }
    if (after.deathCause?.kind !== "KILLED" && after.deathCause?.kind !== "NODE_DIED") delays.crashed(after.actorId);
    delays.inherit(after.actorId, successor.actorId);
  }

  #perform(record: ActorRecord, effect: LifecycleEffect, event: LifecycleEvent): void {
    const { sessions, delays, requestPlacement, log } = this.#deps;
    const { actorId } = record;
    switch (effect.kind) {
      case "start":
        void this.#start(actorId, effect.nodeId);
        break;
      case "stop":
        this.#tellStop(actorId, effect).catch((error: unknown) =>
          log.warn({ err: error, actorId, nodeId: effect.nodeId }, "an agent could not be told to stop an actor"),
        );
        break;
      case "place":
        if (event.kind === "refused") requestPlacement(delays.refused(actorId, event.nodeId));
        else requestPlacement(effect.crashed ? delays.crashed(actorId) : 0);
        break;
      case "replace":
        requestPlacement(0);
        break;
      case "down":
        for (const session of sessions.all()) session.pushDown([actorId]);
        break;
    }
  }

  /** Agents are told only what is durable, while the store answers: a control store that dies now finds what it had begun. */
  async #start(actorId: ActorId, nodeId: NodeId): Promise<void> {
    const { sessions, ledger, actors, clock, log } = this.#deps;
    try {
      await ledger.orderable();
    } catch {
      return; // The ledger has reported it: this process is at its end.
    }
    for (;;) {
      const session = sessions.get(nodeId);
      const record = actors.get(actorId);
      // Without a session the node's return or its death decides.
      if (session === undefined || record === undefined || !isStartingOn(record, nodeId)) return;
      const error = await this.#tryStart(session, record);
      if (error === undefined || session.link.closed) return;
      log.warn({ err: error, actorId, nodeId }, "an agent did not start an actor");
      // It may have begun: only the same node may be asked again.
      if (error.code === "deadline_exceeded") continue;
      if (error.code === "stale_epoch") {
        // Whether we lead is looked into: either this process ends or it asks again.
        await sleep(clock, gcsLimits.pushRetryMs);
        continue;
      }
      this.apply(actorId, {
        kind: "refused",
        nodeId,
        reason: `node ${nodeId.slice(0, 8)} refused it: ${error.rawMessage}`,
      });
      return;
    }
  }

  async #tryStart(session: AgentSession, record: ActorRecord): Promise<MantaError | undefined> {
    try {
      await session.startActor(record);
      return undefined;
    } catch (error) {
      return MantaError.from(error);
    }
  }

  async #tellStop(actorId: ActorId, { nodeId, graceMs, reason }: StopEffect): Promise<void> {
    await this.#deps.ledger.orderable();
    const session = this.#deps.sessions.get(nodeId);
    if (session === undefined) throw new MantaError("unavailable", `node ${nodeId} is not connected at the moment`);
    await session.stopActor(actorId, graceMs, reason);
  }
}

type StopEffect = Extract<LifecycleEffect, { kind: "stop" }>;

const isStartingOn = (record: ActorRecord, nodeId: NodeId): boolean => {
  const phase = phaseOf(record);
  return phase.kind === "starting" && phase.nodeId === nodeId;
};
