import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { agentService } from "../../protocol/node.ts";
import type { RoutingSnapshot } from "../../protocol/routing.ts";
import type { Link } from "../../rpc/index.ts";
import { type Client, createClient } from "../../rpc/index.ts";
import { gcsLimits } from "../limits.ts";
import { OneInFlight } from "../routing/one-in-flight.ts";

/** What a session needs. */
export interface AgentSessionOptions {
  readonly nodeId: NodeId;
  readonly link: Link;
  /** Of the lease: part of every order. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A registered agent on the link that it opened: what this process tells it. */
export class AgentSession {
  readonly nodeId: NodeId;
  readonly link: Link;
  lastHeardMs: number;
  /** Its registration was answered: it may be told to start actors. */
  answered = false;
  readonly #epoch: number;
  readonly #agent: Client<typeof agentService>;
  readonly #routing: OneInFlight<RoutingSnapshot>;
  readonly #down: OneInFlight<ReadonlySet<ActorId>>;

  constructor({ nodeId, link, epoch, clock, log }: AgentSessionOptions) {
    this.nodeId = nodeId;
    this.link = link;
    this.#epoch = epoch;
    this.lastHeardMs = clock.nowMs();
    this.#agent = createClient(link, agentService);
    const common = {
      clock,
      retryMs: gcsLimits.pushRetryMs,
      giveUp: () => link.closed,
      onError: (error: MantaError) => {
        if (!link.closed) log.warn({ err: error, nodeId }, "a push to an agent failed");
      },
    };
    this.#routing = new OneInFlight<RoutingSnapshot>({
      ...common,
      merge: (waiting, next) => (next.version > waiting.version ? next : waiting),
      send: async (snapshot) => {
        await this.#agent.putRouting({ epoch, snapshot }, callOptions);
      },
    });
    this.#down = new OneInFlight<ReadonlySet<ActorId>>({
      ...common,
      merge: (waiting, next) => new Set([...waiting, ...next]),
      send: async (actorIds) => {
        await this.#agent.actorsDown({ epoch, actorIds: [...actorIds] }, callOptions);
      },
    });
  }

  async startActor(actor: ActorRecord): Promise<void> {
    await this.#agent.startActor({ epoch: this.#epoch, actor }, callOptions);
  }

  async stopActor(actorId: ActorId, graceMs: number, reason: string): Promise<void> {
    await this.#agent.stopActor({ epoch: this.#epoch, actorId, graceMs, force: graceMs === 0, reason }, callOptions);
  }

  /** One push at a time; only the newest snapshot counts. */
  pushRouting(snapshot: RoutingSnapshot): void {
    this.#routing.offer(snapshot);
  }

  /** The deaths of one turn go together. */
  pushDown(actorIds: Iterable<ActorId>): void {
    const ids = new Set(actorIds);
    if (ids.size > 0) this.#down.offer(ids);
  }
}

const callOptions = { timeoutMs: gcsLimits.agentCallTimeoutMs } as const;

/** The agents that are registered now. */
export class AgentSessions {
  readonly #byNode = new Map<NodeId, AgentSession>();

  get(nodeId: NodeId): AgentSession | undefined {
    return this.#byNode.get(nodeId);
  }

  all(): Iterable<AgentSession> {
    return this.#byNode.values();
  }

  add(session: AgentSession): void {
    this.#byNode.set(session.nodeId, session);
  }

  /** Forgets this very session; a newer one of the node stays. Returns whether it was the node's present one. */
  remove(session: AgentSession): boolean {
    if (this.#byNode.get(session.nodeId) !== session) return false;
    return this.#byNode.delete(session.nodeId);
  }

  /** The session of the node on that link; `unavailable` tells an agent on a new link to register first. */
  require(nodeId: NodeId, link: Link): AgentSession {
    const session = this.#byNode.get(nodeId);
    if (session?.link === link) return session;
    throw new MantaError("unavailable", `node ${nodeId} is not registered on this link: register first`);
  }
}
