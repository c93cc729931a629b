import type { Clock, Timer } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { ActorId, NodeId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { type GcsService, gcsService } from "../protocol/gcs.ts";
import { type ActorEvent, type AgentService, agentService, type NodeRegistration } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import { type Client, createClient, type Implementation, PersistentLink, serveService } from "../rpc/index.ts";
import type { Link } from "../rpc/types.ts";
import { nodeLimits } from "./limits.ts";

/** What the agent's tie to the control store needs. */
export interface RegistrationDeps {
  readonly nodeId: NodeId;
  /** Control stores, `tcp:host:port`; asked before each round of dialling. */
  readonly addresses: () => Promise<readonly string[]>;
  readonly token: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who we are and what we own at this moment. */
  readonly describe: () => NodeRegistration;
  /** Served on the link. */
  readonly agent: Implementation<AgentService>;
  readonly onUnwanted: (actorIds: readonly ActorId[]) => void;
  readonly onRouting: (snapshot: RoutingSnapshot) => void;
  /** After each registration. */
  readonly onRegistered: () => void;
  /** Of a head: the session of its own control store. It must never join another head's. */
  readonly ownSession?: string;
  /** Null: for ever. */
  readonly reconnectTimeoutMs: number | null;
  /** The control store was away for longer than the operator allows. */
  readonly onGivenUp: () => void;
}

interface Registered {
  readonly link: Link;
  readonly gcs: Client<GcsService>;
}

/**
 * The agent's link to the control store. Registers with the whole inventory on every new link, beats, and
 * dials for ever: a node outlives its head.
 */
export class Registration {
  /** Settles at the first registration; rejects where there is another head, or our token is wrong. */
  readonly first: Promise<void>;
  readonly persistent: PersistentLink;
  readonly #deps: RegistrationDeps;
  readonly #first = Promise.withResolvers<void>();
  #registered: Registered | undefined;
  #beat: Timer | undefined;
  #missedBeats = 0;
  #giveUp: Timer | undefined;
  #closed = false;

  constructor(deps: RegistrationDeps) {
    this.#deps = deps;
    this.first = this.#first.promise;
    // Whoever does not wait for it is not hurt by its failure.
    this.first.catch(() => undefined);
    this.persistent = new PersistentLink({
      addresses: deps.addresses,
      token: deps.token,
      identity: { role: "agent", id: deps.nodeId },
      log: deps.log,
      clock: deps.clock,
      random: deps.random,
      onLink: (link) => this.#onLink(link),
    });
  }

  start(): void {
    this.#awaitReturn();
    this.persistent.start();
    void this.#untilKnown();
  }

  /** Reports an actor's event; undefined while there is no registered link. */
  get report(): ((event: ActorEvent) => Promise<unknown>) | undefined {
    const gcs = this.#registered?.gcs;
    const { nodeId } = this.#deps;
    return gcs && ((event) => gcs.reportActor({ nodeId, event }, { timeoutMs: nodeLimits.gcsCallTimeoutMs }));
  }

  /** Says farewell, when there is somebody to hear it, and stays away. */
  async leave(reason: string): Promise<void> {
    const gcs = this.#registered?.gcs;
    const { nodeId, log } = this.#deps;
    this.#closed = true;
    this.#beat?.cancel();
    await gcs
      ?.unregisterNode({ nodeId, reason }, { timeoutMs: nodeLimits.shutdownStepMs })
      .catch((error: unknown) => log.warn({ err: error }, "the control store did not hear our farewell"));
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#beat?.cancel();
    this.#giveUp?.cancel();
    this.persistent.close();
  }

  async #onLink(link: Link): Promise<void> {
    link.onClose(() => this.#onLost(link));
    // Served first: the answer to a registration may be followed by orders in the same packet.
    serveService(link, agentService, this.#deps.agent);
    const gcs = createClient(link, gcsService);
    try {
      await this.#register(link, gcs);
    } catch (error) {
      this.#deps.log.warn({ err: error }, "the control store refused the registration: dialling again");
      link.close("registration failed");
      throw error;
    }
    this.#missedBeats = 0;
    this.#scheduleBeat(link);
  }

  async #register(link: Link, gcs: Client<GcsService>): Promise<void> {
    const deps = this.#deps;
    await this.#refuseOthers(gcs);
    const answer = await gcs.registerNode(deps.describe(), { timeoutMs: nodeLimits.registerTimeoutMs });
    if (link.closed || this.#closed) return;
    this.#registered = { link, gcs };
    this.#giveUp?.cancel();
    if (answer.unwanted.length > 0) deps.onUnwanted(answer.unwanted);
    if (answer.routing !== undefined) deps.onRouting(answer.routing);
    deps.onRegistered();
    this.#first.resolve();
  }

  /** A head's port may have been taken between our look and our control store's start. */
  async #refuseOthers(gcs: Client<GcsService>): Promise<void> {
    const { ownSession } = this.#deps;
    if (ownSession === undefined) return;
    const { sessionName } = await gcs.ping({}, { timeoutMs: nodeLimits.registerTimeoutMs });
    if (sessionName === ownSession) return;
    const message = `another head (${sessionName}) listens on our --port: stop that head ("manta stop"), or choose another port`;
    const error = new MantaError("already_exists", message);
    this.#first.reject(error);
    throw error;
  }

  #onLost(link: Link): void {
    if (this.#registered?.link !== link) return;
    this.#registered = undefined;
    this.#beat?.cancel();
    if (!this.#closed) this.#awaitReturn();
  }

  /** A head that is away may come; a token that it does not take will not become right. */
  async #untilKnown(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.persistent.ready({ timeoutMs: nodeLimits.firstLookMs });
        return;
      } catch (thrown) {
        const { cause } = MantaError.from(thrown);
        if (!(cause instanceof MantaError) || cause.code !== "unauthenticated") continue;
        const advice = "set RAY_AUTH_TOKEN to the cluster's token, or RAY_AUTH_TOKEN_PATH to its file";
        this.#first.reject(new MantaError("unauthenticated", `${cause.rawMessage}: ${advice}`));
        return;
      }
    }
  }

  #awaitReturn(): void {
    const { reconnectTimeoutMs, clock, log, onGivenUp } = this.#deps;
    if (reconnectTimeoutMs === null) return;
    this.#giveUp?.cancel();
    this.#giveUp = clock.after(reconnectTimeoutMs, () => {
      log.error({ reconnectTimeoutMs }, "the control store stayed away for longer than allowed");
      onGivenUp();
    });
  }

  #scheduleBeat(link: Link): void {
    this.#beat?.cancel();
    if (link.closed || this.#closed) return;
    this.#beat = this.#deps.clock.after(limits.heartbeatPeriodMs, () => void this.#heartbeat(link));
  }

  async #heartbeat(link: Link): Promise<void> {
    const gcs = this.#registered?.gcs;
    if (gcs === undefined) return;
    const { nodeId, log } = this.#deps;
    try {
      await gcs.heartbeat({ nodeId }, { timeoutMs: limits.heartbeatPeriodMs });
      this.#missedBeats = 0;
    } catch (thrown) {
      const error = MantaError.from(thrown);
      this.#missedBeats += 1;
      if (error.code === "unavailable" || this.#missedBeats >= nodeLimits.heartbeatMissesMax) {
        // Forgotten or half open: either way a new link with a new registration mends it.
        log.warn({ err: error, missed: this.#missedBeats }, "no heartbeat gets through: dialling again");
        link.close("heartbeat failed");
        return;
      }
    }
    this.#scheduleBeat(link);
  }
}
