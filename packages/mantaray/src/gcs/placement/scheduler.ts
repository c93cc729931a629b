import type { Clock, Timer } from "../../base/clock.ts";
import type { ActorId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { type LifecycleEvent, phaseOf } from "../actors/lifecycle.ts";
import type { RestartDelays } from "../actors/restart-delays.ts";
import { gcsLimits } from "../limits.ts";
import type { AgentSessions } from "../nodes/agent-session.ts";
import { every } from "../periodic.ts";
import type { ActorTable } from "../state/actor-table.ts";
import type { NodeTable } from "../state/node-table.ts";
import type { PlacementNode } from "./node-load.ts";
import { place } from "./place.ts";

/** What the scheduler works with. */
export interface SchedulerDeps {
  readonly actors: ActorTable;
  readonly nodes: NodeTable;
  readonly sessions: AgentSessions;
  readonly delays: RestartDelays;
  readonly clock: Clock;
  /** Nothing is placed while this says so. */
  readonly isFrozen: () => boolean;
  readonly apply: (actorId: ActorId, event: LifecycleEvent) => void;
}

/** Places what is pending: on a signal, and periodically in case a signal was missed. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  #signaled = false;
  #stopped = false;
  #timer: Timer | undefined;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = every(this.#deps.clock, gcsLimits.placementPeriodMs, () => this.signal());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Asks for a pass, now or later. The signals of one turn are one pass. */
  signal(delayMs = 0): void {
    if (delayMs > 0) {
      this.#deps.clock.after(delayMs, () => this.signal(), { unref: true });
      return;
    }
    if (this.#signaled) return;
    this.#signaled = true;
    setImmediate(() => {
      this.#signaled = false;
      this.#pass();
    });
  }

  #pass(): void {
    const { actors, delays, isFrozen, apply } = this.#deps;
    if (this.#stopped || isFrozen()) return;
    const unplaced: ActorRecord[] = [];
    const placed: ActorRecord[] = [];
    for (const record of actors.all()) {
      const { kind } = phaseOf(record);
      if (kind === "unplaced") unplaced.push(record);
      else if (kind !== "dead") placed.push(record);
    }
    if (unplaced.length === 0) return;
    const due = unplaced.filter((record) => !this.#abandon(record) && delays.isDue(record.actorId));
    const { assignments, reasons } = place(
      this.#nodes(),
      placed.flatMap(({ nodeId, spec }) =>
        nodeId === null ? [] : [{ nodeId, resources: spec.resources, group: spec.placement.group }],
      ),
      due
        .toSorted((a, b) => a.startMs - b.startMs)
        .map(({ actorId, state, spec: { resources, placement } }) => {
          const restarting = state === "RESTARTING";
          return { actorId, resources, placement, restarting, avoid: delays.avoid(actorId) };
        }),
    );
    for (const [actorId, nodeId] of assignments) apply(actorId, { kind: "placed", nodeId });
    for (const [actorId, pendingReason] of reasons) {
      const record = actors.get(actorId);
      if (record !== undefined && record.pendingReason !== pendingReason) actors.annotate({ ...record, pendingReason });
    }
  }

  #nodes(): PlacementNode[] {
    const { nodes, sessions } = this.#deps;
    return nodes.alive().map(({ nodeId, ip, isHead, draining, resources }) => {
      const reachable = sessions.get(nodeId)?.answered === true;
      return { nodeId, label: ip, isHead, draining, resources, reachable };
    });
  }

  /** Gives up a restarting actor whose one node is dead for too long: node ids do not come back from a restart. */
  #abandon({ actorId, state, spec }: ActorRecord): boolean {
    const { nodes, clock, apply } = this.#deps;
    const { nodeId } = spec.placement;
    if (nodeId === undefined || state !== "RESTARTING") return false;
    const node = nodes.get(nodeId);
    const isGone =
      node === undefined || (node.state === "DEAD" && (node.endMs ?? 0) + gcsLimits.pinnedNodeWaitMs <= clock.wallMs());
    if (isGone) apply(actorId, { kind: "abandoned", message: `its node ${nodeId} did not come back` });
    return isGone;
  }
}
