import type { Clock, Timer } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import { limits } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import type { NodeRecord, NodeRegistration } from "../../protocol/node.ts";
import type { Link } from "../../rpc/index.ts";
import type { ActorManager } from "../actors/actor-manager.ts";
import { gcsLimits } from "../limits.ts";
import { every } from "../periodic.ts";
import type { EventLog } from "../pubsub/event-log.ts";
import type { Recovery } from "../recovery/recovery.ts";
import type { NodeTable } from "../state/node-table.ts";
import { AgentSession, type AgentSessions } from "./agent-session.ts";

/** What the manager works with. */
export interface NodeManagerDeps {
  readonly nodes: NodeTable;
  readonly sessions: AgentSessions;
  readonly actors: ActorManager;
  readonly events: EventLog;
  readonly recovery: Recovery;
  readonly epoch: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly requestPlacement: () => void;
}

/**
 * Who is a node of the cluster. A node lives by its link: when that breaks and is not replaced within
 * the grace, or when no heartbeat comes over it, the node is declared DEAD. It may register again, then
 * it is ALIVE and what was replaced meanwhile is unwanted.
 */
export class NodeManager {
  readonly #deps: NodeManagerDeps;
  /** Of nodes whose link broke: the end of their grace. */
  readonly #graces = new Map<NodeId, Timer>();
  #sweeper: Timer | undefined;
  #sweptMs = 0;

  constructor(deps: NodeManagerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#sweptMs = this.#deps.clock.nowMs();
    this.#sweeper = every(this.#deps.clock, limits.heartbeatPeriodMs, () => this.#sweep());
  }

  stop(): void {
    this.#sweeper?.cancel();
    for (const grace of this.#graces.values()) grace.cancel();
    this.#graces.clear();
  }

  /** Takes a node in on the link that is its life line, and believes its inventory. */
  register(registration: NodeRegistration, link: Link): { session: AgentSession; unwanted: ActorId[] } {
    const { nodes, sessions, actors, recovery, epoch, clock, log } = this.#deps;
    const { nodeId, isHead } = registration;
    const before = nodes.get(nodeId);
    if (before?.state !== "ALIVE" && nodes.alive().length >= gcsLimits.liveNodesMax) {
      throw new MantaError("resource_exhausted", `there are ${gcsLimits.liveNodesMax} nodes already`);
    }
    const session = new AgentSession({ nodeId, link, epoch, clock, log });
    const former = sessions.get(nodeId);
    sessions.add(session);
    if (former !== undefined && former.link !== link) former.link.close("the node registered on a new link");
    this.#graces.get(nodeId)?.cancel();
    this.#graces.delete(nodeId);
    link.onClose(() => this.#linkBroke(session));
    if (isHead) this.#retireOtherHeads(nodeId);
    nodes.put(aliveRecord(registration));
    this.#sayJoined(registration, before);
    const { adopted, unwanted } = actors.believe(nodeId, registration);
    log.info({ nodeId, ip: registration.ip, isHead, adopted, unwanted: unwanted.length }, "node registered");
    recovery.registered({ nodeId, isHead });
    return { session, unwanted };
  }

  /** `unavailable` when the node is not registered on that link. */
  heartbeat(nodeId: NodeId, link: Link): void {
    this.#deps.sessions.require(nodeId, link).lastHeardMs = this.#deps.clock.nowMs();
  }

  /** An agent leaves in order: no grace. */
  unregister(nodeId: NodeId, link: Link, reason: string): void {
    this.#deps.sessions.require(nodeId, link);
    this.#die(nodeId, "node_left", reason === "" ? "it left in order" : reason);
  }

  /** Nothing is placed there from now on. The earlier deadline counts. `not_found` for a node that is not alive. */
  drain(nodeId: NodeId, reason: string, timeoutMs: number): void {
    const { nodes, clock } = this.#deps;
    const record = nodes.get(nodeId);
    if (record?.state !== "ALIVE") throw new MantaError("not_found", `there is no live node ${nodeId}`);
    const deadlineMs = Math.min(record.drain?.deadlineMs ?? Number.POSITIVE_INFINITY, clock.wallMs() + timeoutMs);
    nodes.put({ ...record, draining: true, drain: { reason: record.drain?.reason ?? reason, deadlineMs } });
  }

  /** The node is dead, whatever it says itself. */
  declareDead(nodeId: NodeId, message: string): void {
    this.#die(nodeId, "node_lost", message);
  }

  #die(nodeId: NodeId, kind: "node_left" | "node_lost", message: string): void {
    const { nodes, sessions, actors, events, clock, log, requestPlacement } = this.#deps;
    const record = nodes.get(nodeId);
    this.#graces.get(nodeId)?.cancel();
    this.#graces.delete(nodeId);
    const session = sessions.get(nodeId);
    if (session !== undefined) sessions.remove(session);
    if (record === undefined || record.state === "DEAD") return;
    log.warn({ nodeId, ip: record.ip, message }, "node is dead");
    nodes.put({ ...record, state: "DEAD", stateMessage: message, endMs: clock.wallMs() });
    const what = kind === "node_left" ? "left" : "is lost";
    events.say(kind, `node ${record.ip} (${nodeId.slice(0, 8)}) ${what}: ${message}`, { nodeId, ip: record.ip });
    actors.nodeDied(nodeId, `node ${record.ip} (${nodeId.slice(0, 8)}) died: ${message}`);
    requestPlacement();
    // An agent that is still there after all notices, registers again, and hears what is unwanted.
    if (kind === "node_lost") session?.link.close(`the node was declared dead: ${message}`);
  }

  #linkBroke(session: AgentSession): void {
    const { sessions, nodes, recovery, clock, requestPlacement } = this.#deps;
    const { nodeId } = session;
    if (!sessions.remove(session) || nodes.get(nodeId)?.state !== "ALIVE") return;
    const grace = clock.after(limits.nodeReconnectGraceMs, () => {
      this.#graces.delete(nodeId);
      const record = nodes.get(nodeId);
      if (record === undefined || record.state === "DEAD") return;
      if (recovery.active) recovery.lost(record);
      else this.declareDead(nodeId, `its link broke and it did not come back within ${limits.nodeReconnectGraceMs} ms`);
    });
    this.#graces.set(nodeId, grace);
    requestPlacement();
  }

  #retireOtherHeads(nodeId: NodeId): void {
    for (const other of this.#deps.nodes.alive()) {
      if (other.isHead && other.nodeId !== nodeId) this.declareDead(other.nodeId, `node ${nodeId} is the head now`);
    }
  }

  #sweep(): void {
    const { sessions, clock } = this.#deps;
    const nowMs = clock.nowMs();
    // Were we the ones who stood still, nobody's silence means anything.
    const stalled = nowMs - this.#sweptMs > limits.heartbeatPeriodMs + gcsLimits.ownStallMs;
    this.#sweptMs = nowMs;
    for (const session of sessions.all()) {
      if (stalled) session.lastHeardMs = nowMs;
      if (nowMs - session.lastHeardMs > limits.heartbeatTimeoutMs) {
        this.declareDead(session.nodeId, `no heartbeat for ${limits.heartbeatTimeoutMs} ms`);
      }
    }
  }

  #sayJoined({ nodeId, ip, isHead }: NodeRegistration, before: NodeRecord | undefined): void {
    if (before?.state === "ALIVE") return;
    const what = before === undefined ? "joined" : "is back";
    const message = `${isHead ? "head " : ""}node ${ip} (${nodeId.slice(0, 8)}) ${what}`;
    this.#deps.events.say("node_joined", message, { nodeId, ip });
  }
}

const aliveRecord = (registration: NodeRegistration): NodeRecord => {
  const { inventory: _inventory, exits: _exits, routingVersion: _version, ...node } = registration;
  return { ...node, state: "ALIVE", stateMessage: "", draining: node.drain !== null, endMs: null };
};
