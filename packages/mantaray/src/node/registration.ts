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
import type { EpochGate } from "./leader/epoch-gate.ts";
import { lookForLeader } from "./leader/look-for-leader.ts";
import { nodeLimits } from "./limits.ts";

/** The control store that this node carries itself. */
export interface OwnControlStore {
  /** Where it listens, `tcp:host:port`. */
  readonly address: string;
  readonly sessionName: string;
  /** Its process says that it listens there. */
  readonly listens: () => boolean;
}

/** What the agent's tie to the control store needs. */
export interface RegistrationDeps {
  readonly nodeId: NodeId;
  /** Control stores, `tcp:host:port`; asked before each round of dialling. */
  readonly addresses: () => Promise<readonly string[]>;
  readonly token: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who we are and what we own at this moment. `leads`: the control store that leads is the node's own. */
  readonly describe: (leads: boolean) => NodeRegistration;
  readonly gate: EpochGate;
  /** A leader's list of control stores, or the leader itself alone. */
  readonly onAddresses: (addresses: readonly string[]) => void;
  readonly onLeader: (address: string) => void;
  /** Served on the link. */
  readonly agent: Implementation<AgentService>;
  readonly onUnwanted: (actorIds: readonly ActorId[]) => void;
  readonly onRouting: (snapshot: RoutingSnapshot) => void;
  /** After each registration; before its routing is taken over. */
  readonly onRegistered: (sessionName: string) => void;
  /** Of a head, leading or standing by. It must never take somebody else's control store on that address for its own. */
  readonly own?: OwnControlStore;
  /** Null: for ever. */
  readonly reconnectTimeoutMs: number | null;
  /** The control store was away for longer than the operator allows. */
  readonly onGivenUp: () => void;
}

interface Registered {
  readonly link: Link;
  readonly gcs: Client<GcsService>;
  readonly address: string;
  readonly epoch: number;
}

/**
 * The agent's link to the control store that leads. Registers with the whole inventory on every new link, beats,
 * follows the lease to wherever it goes, and dials for ever: a node outlives its head.
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
  #looking = false;
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
      onLink: (link, address) => this.#onLink(link, address),
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

  /** Whether a control store hears us at this moment, as far as we know. */
  get reachable(): boolean {
    return this.#registered !== undefined && this.#missedBeats === 0;
  }

  /** Where the control store is that we are registered at. */
  get leader(): string | undefined {
    return this.#registered?.address;
  }

  /** A client of it; undefined while there is no registered link. */
  get gcs(): Client<GcsService> | undefined {
    return this.#registered?.gcs;
  }

  /** Leaves an older leader for this one, at once. Throws `stale_epoch` when we know a newer one. */
  follow(epoch: number, address: string): void {
    const { gate, onLeader, log } = this.#deps;
    gate.check(epoch);
    onLeader(address);
    const registered = this.#registered;
    if (registered !== undefined && registered.epoch >= epoch) return;
    log.info({ epoch, address, from: registered?.address }, "following a new leader");
    this.persistent.prefer(address);
    // Its answer does not matter; cut off from its store, it would not know otherwise.
    registered?.gcs.heartbeat({ nodeId: this.#deps.nodeId, newerEpoch: epoch }).catch(() => undefined);
    registered?.link.close("another control store leads now");
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

  async #onLink(link: Link, address: string): Promise<void> {
    link.onClose(() => this.#onLost(link));
    // Served first: the answer to a registration may be followed by orders in the same packet.
    serveService(link, agentService, this.#deps.agent);
    const gcs = createClient(link, gcsService);
    try {
      await this.#register(link, gcs, address);
    } catch (thrown) {
      const error = MantaError.from(thrown);
      const level = error.code === "not_leader" || link.closed ? "info" : "warn";
      this.#deps.log[level]({ err: error, address }, "no registration there: going on");
      link.close("registration failed");
      throw error;
    }
    this.#missedBeats = 0;
    this.#scheduleBeat(link);
  }

  async #register(link: Link, gcs: Client<GcsService>, address: string): Promise<void> {
    const deps = this.#deps;
    await this.#requireLeader(gcs, address);
    const leads = address === deps.own?.address;
    const answer = await gcs.registerNode(deps.describe(leads), { timeoutMs: nodeLimits.registerTimeoutMs });
    deps.gate.check(answer.epoch);
    if (link.closed || this.#closed) throw new MantaError("link_lost", "the link broke while it was registered");
    // Two may have been asked at once; one of them has lost its lease.
    if ((this.#registered?.epoch ?? 0) > answer.epoch) throw new MantaError("stale_epoch", "a newer leader was faster");
    this.#registered?.link.close("registered at a newer leader");
    this.#registered = { link, gcs, address, epoch: answer.epoch };
    this.#giveUp?.cancel();
    deps.onAddresses(answer.gcsAddresses);
    deps.onLeader(address);
    deps.onRegistered(answer.sessionName);
    if (answer.unwanted.length > 0) deps.onUnwanted(answer.unwanted);
    if (answer.routing !== undefined) deps.onRouting(answer.routing);
    this.#first.resolve();
  }

  /** Throws `not_leader`, with where the leader is, at a standby, and `stale_epoch` at one that was the leader. */
  async #requireLeader(gcs: Client<GcsService>, address: string): Promise<void> {
    const { gate } = this.#deps;
    const found = await gcs.ping({}, { timeoutMs: nodeLimits.firstPingTimeoutMs });
    this.#refuseOthers(address, found.sessionName);
    if (found.role === "standby") {
      const leader = found.leader === address ? "" : found.leader;
      throw new MantaError("not_leader", `the control store at ${address} stands by`, { details: { leader } });
    }
    if (found.epoch < gate.newest) gate.check(found.epoch);
  }

  /** A head's port may have been taken between our look and our control store's start. */
  #refuseOthers(address: string, sessionName: string): void {
    const { own } = this.#deps;
    if (own === undefined || address !== own.address || sessionName === own.sessionName || own.listens()) return;
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
    const registered = this.#registered;
    if (registered?.link !== link) return;
    const { nodeId, log, onAddresses } = this.#deps;
    try {
      const answer = await registered.gcs.heartbeat({ nodeId }, { timeoutMs: limits.heartbeatPeriodMs });
      this.#missedBeats = 0;
      onAddresses(answer.gcsAddresses);
      // Without its store it may have lost the lease and not know.
      if (!answer.storeAvailable) void this.#lookElsewhere();
    } catch (thrown) {
      const error = MantaError.from(thrown);
      this.#missedBeats += 1;
      if (error.code === "unavailable" || this.#missedBeats >= nodeLimits.heartbeatMissesMax) {
        // Forgotten or half open: either way a new link with a new registration mends it.
        log.warn({ err: error, missed: this.#missedBeats }, "no heartbeat gets through: dialling again");
        link.close("heartbeat failed");
        return;
      }
      void this.#lookElsewhere();
    }
    this.#scheduleBeat(link);
  }

  /** Asks the other control stores whether one of them leads by now; then follows it. */
  async #lookElsewhere(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const { addresses, gate, nodeId, token, clock, log } = this.#deps;
    try {
      const others = (await addresses()).filter((address) => address !== this.#registered?.address);
      const identity = { role: "agent", id: nodeId } as const;
      const found = await lookForLeader({ addresses: others, newerThan: gate.newest, token, identity, clock, log });
      if (found !== undefined && !this.#closed) this.follow(found.epoch, found.address);
    } catch (error) {
      log.warn({ err: error }, "could not follow another leader");
    } finally {
      this.#looking = false;
    }
  }
}
