import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { agentService } from "../../protocol/node.ts";
import type { RoutingSnapshot } from "../../protocol/routing.ts";
import type { Link } from "../../rpc/index.ts";
import { type Client, createClient } from "../../rpc/index.ts";
import type { Authority } from "../leadership.ts";
import { gcsLimits } from "../limits.ts";
import { OneInFlight } from "../routing/one-in-flight.ts";

/** What a session needs. */
export interface AgentSessionOptions {
  readonly nodeId: NodeId;
  readonly link: Link;
  readonly authority: Authority;
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
  readonly #authority: Authority;
  readonly #agent: Client<typeof agentService>;
  readonly #routing: OneInFlight<RoutingSnapshot>;
  readonly #down: OneInFlight<ReadonlySet<ActorId>>;

  constructor({ nodeId, link, authority, clock, log }: AgentSessionOptions) {
    this.nodeId = nodeId;
    this.link = link;
    this.#authority = authority;
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
        await this.#order((epoch) => this.#agent.putRouting({ epoch, snapshot }, callOptions));
      },
    });
    this.#down = new OneInFlight<ReadonlySet<ActorId>>({
      ...common,
      merge: (waiting, next) => new Set([...waiting, ...next]),
      send: async (actorIds) => {
        await this.#order((epoch) => this.#agent.actorsDown({ epoch, actorIds: [...actorIds] }, callOptions));
      },
    });
  }

  async startActor(actor: ActorRecord): Promise<void> {
    await this.#order((epoch) => this.#agent.startActor({ epoch, actor }, callOptions));
  }

  async stopActor(actorId: ActorId, graceMs: number, reason: string): Promise<void> {
    const force = graceMs === 0;
    await this.#order((epoch) => this.#agent.stopActor({ epoch, actorId, graceMs, force, reason }, callOptions));
  }

  async drain(reason: string, timeoutMs: number): Promise<void> {
    await this.#order((epoch) => this.#agent.drain({ epoch, reason, timeoutMs }, callOptions));
  }

  /** The snapshot that the node holds. */
  async getRouting(): Promise<RoutingSnapshot | null> {
    return (await this.#agent.getRouting({}, { timeoutMs: gcsLimits.salvageTimeoutMs })).snapshot;
  }

  /** A bundle of the node's cache; undefined where it has none. */
  async getBundle(bundleId: string): Promise<Uint8Array | undefined> {
    const { bytes } = await this.#agent.getBundle({ bundleId }, { timeoutMs: gcsLimits.salvageTimeoutMs });
    return bytes ?? undefined;
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

  /** Gives an order, if it is ours to give; an agent that knows better is heard. */
  async #order(give: (epoch: number) => Promise<unknown>): Promise<void> {
    await this.#authority.confirmed();
    try {
      await give(this.#authority.epoch);
    } catch (error) {
      if (MantaError.from(error).code === "stale_epoch") this.#authority.suspect();
      throw error;
    }
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
