import type { Clock, Timer } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import { limits } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import type { NodeRecord, NodeRegistration } from "../../protocol/node.ts";
import type { Link } from "../../rpc/index.ts";
import type { ActorManager } from "../actors/actor-manager.ts";
import type { Authority } from "../leadership.ts";
import { gcsLimits } from "../limits.ts";
import { every } from "../periodic.ts";
import type { EventLog } from "../pubsub/event-log.ts";
import type { Recovery } from "../recovery/recovery.ts";
import type { NodeTable } from "../state/node-table.ts";
import { AgentSession, type AgentSessions } from "./agent-session.ts";
import { Isolation, type OtherNode } from "./isolation.ts";
import { aliveRecord, earlierDrain, isSameDrain } from "./node-records.ts";

/** What the manager works with. */
export interface NodeManagerDeps {
  readonly nodes: NodeTable;
  readonly sessions: AgentSessions;
  readonly actors: ActorManager;
  readonly events: EventLog;
  readonly recovery: Recovery;
  readonly authority: Authority;
  /** Where this control store is dialled. */
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly requestPlacement: () => void;
  /** The node of this control store leaves, or is cut off, and another one stands by. */
  readonly onSuccession: (reason: string) => void;
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
  readonly #isolation: Isolation;
  #sweeper: Timer | undefined;
  #sweptMs = 0;

  constructor(deps: NodeManagerDeps) {
    this.#deps = deps;
    const { clock, onSuccession } = deps;
    this.#isolation = new Isolation({ others: () => this.#others(), clock, onIsolated: onSuccession });
  }

  start(): void {
    this.#sweptMs = this.#deps.clock.nowMs();
    this.#sweeper = every(this.#deps.clock, limits.heartbeatPeriodMs, () => this.#sweep());
  }

  stop(): void {
    this.#sweeper?.cancel();
    this.#isolation.stop();
    for (const grace of this.#graces.values()) grace.cancel();
    this.#graces.clear();
  }

  /** Takes a node in on the link that is its life line, and believes its inventory. */
  register(registration: NodeRegistration, link: Link): { session: AgentSession; unwanted: ActorId[] } {
    const { nodes, sessions, actors, recovery, authority, clock, log } = this.#deps;
    const { nodeId } = registration;
    const isHead = this.#isHead(registration);
    const before = nodes.get(nodeId);
    if (before?.state !== "ALIVE" && nodes.alive().length >= gcsLimits.liveNodesMax) {
      throw new MantaError("resource_exhausted", `there are ${gcsLimits.liveNodesMax} nodes already`);
    }
    const session = new AgentSession({ nodeId, link, authority, clock, log });
    const former = sessions.get(nodeId);
    sessions.add(session);
    if (former !== undefined && former.link !== link) former.link.close("the node registered on a new link");
    this.#graces.get(nodeId)?.cancel();
    this.#graces.delete(nodeId);
    link.onClose(() => this.#linkBroke(session));
    if (isHead) this.#retireOtherHeads(registration);
    const record = aliveRecord(registration, isHead, before);
    nodes.put(record);
    this.#sayJoined(registration, before);
    const { adopted, unwanted } = actors.believe(nodeId, registration);
    log.info({ nodeId, ip: registration.ip, isHead, adopted, unwanted: unwanted.length }, "node registered");
    recovery.settled(nodeId);
    if (record.draining && before?.draining !== true) this.#sayDraining(record);
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

  /**
   * Nothing is placed there from now on. The earlier deadline counts. `tell`: the agent does not know it from itself.
   * `not_found` for a node that is not alive.
   */
  drain(nodeId: NodeId, reason: string, timeoutMs: number, tell: boolean): void {
    const { nodes, clock, onSuccession } = this.#deps;
    const before = nodes.get(nodeId);
    if (before?.state !== "ALIVE") throw new MantaError("not_found", `there is no live node ${nodeId}`);
    const drain = earlierDrain(before.drain, { reason, deadlineMs: clock.wallMs() + timeoutMs });
    if (!isSameDrain(before.drain, drain)) nodes.put({ ...before, draining: true, drain });
    if (!before.draining) this.#sayDraining({ ...before, drain });
    if (tell) this.remind(nodeId);
    if (before.isHead && this.#standbys(nodeId).length > 0) onSuccession(`node ${before.ip} leaves: ${reason}`);
  }

  /** Tells the agent of a draining node what it may have missed. */
  remind(nodeId: NodeId): void {
    const { nodes, sessions, clock, log } = this.#deps;
    const drain = nodes.get(nodeId)?.drain;
    const session = sessions.get(nodeId);
    if (drain == null || session === undefined) return;
    session
      .drain(drain.reason, Math.max(0, drain.deadlineMs - clock.wallMs()))
      .catch((error: unknown) => log.warn({ err: error, nodeId }, "a node could not be told to drain; it will be"));
  }

  /** Control stores of the cluster, `tcp:host:port`, this one first. */
  gcsAddresses(): string[] {
    const { address, nodes } = this.#deps;
    const others = nodes.alive().map(({ gcsAddress }) => gcsAddress);
    return [...new Set([address, ...others])].filter((each) => each !== "");
  }

  #others(): OtherNode[] {
    const { nodes, sessions, address } = this.#deps;
    return nodes.alive().flatMap(({ nodeId, gcsAddress, draining }) => {
      const connected = sessions.get(nodeId) !== undefined;
      return gcsAddress === address ? [] : [{ mayLead: gcsAddress !== "" && !draining, connected }];
    });
  }

  /** Addresses of control stores that may take over from the one on this node. */
  #standbys(nodeId: NodeId): string[] {
    const { nodes, sessions, address } = this.#deps;
    return nodes
      .alive()
      .filter((node) => node.nodeId !== nodeId && !node.draining && sessions.get(node.nodeId) !== undefined)
      .flatMap(({ gcsAddress }) => (gcsAddress === "" || gcsAddress === address ? [] : [gcsAddress]));
  }

  /** The head is where this control store is. A node without one of its own is believed. */
  #isHead({ isHead, gcsAddress }: NodeRegistration): boolean {
    return gcsAddress === "" ? isHead : gcsAddress === this.#deps.address;
  }

  /** The node is dead, whatever it says itself. */
  declareDead(nodeId: NodeId, message: string): void {
    this.#die(nodeId, "node_lost", message);
  }

  #die(nodeId: NodeId, kind: "node_left" | "node_lost", message: string): void {
    const { nodes, sessions, actors, recovery, events, clock, log, requestPlacement } = this.#deps;
    const record = nodes.get(nodeId);
    this.#graces.get(nodeId)?.cancel();
    this.#graces.delete(nodeId);
    const session = sessions.get(nodeId);
    if (session !== undefined) sessions.remove(session);
    recovery.settled(nodeId);
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
      if (recovery.active) recovery.lost(record.nodeId);
      else this.declareDead(nodeId, `its link broke and it did not come back within ${limits.nodeReconnectGraceMs} ms`);
    });
    this.#graces.set(nodeId, grace);
    // In a recovery they are still on their way.
    if (!recovery.active) this.#isolation.look();
    requestPlacement();
  }

  /**
   * Nodes that were the head before. One whose control store had our address, or none of its own, cannot live
   * beside us; any other may have lost the lease and go on as an ordinary node.
   */
  #retireOtherHeads({ nodeId, gcsAddress }: NodeRegistration): void {
    const { nodes } = this.#deps;
    for (const other of nodes.alive()) {
      if (!other.isHead || other.nodeId === nodeId) continue;
      const isReplaced = other.gcsAddress === "" || other.gcsAddress === gcsAddress;
      if (isReplaced) this.declareDead(other.nodeId, `node ${nodeId} is the head now`);
      else nodes.put({ ...other, isHead: false });
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

  #sayDraining({ nodeId, ip, drain }: NodeRecord): void {
    const message = `node ${ip} (${nodeId.slice(0, 8)}) drains: ${drain?.reason ?? ""}`;
    this.#deps.events.say("node_draining", message, { nodeId, ip });
  }
}
