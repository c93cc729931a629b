import type { Clock } from "../base/clock.ts";
import type { ActorId, NodeId, WorkerId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { ActorRecord } from "../protocol/actor.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import type { Link } from "../rpc/types.ts";

/** The node's routing snapshot as this worker sees it. */
export interface RoutingFeed {
  /** Undefined until the first snapshot. */
  readonly snapshot: RoutingSnapshot | undefined;
  /** Called with each newer snapshot. Returns the unsubscribe function. */
  onSnapshot(listener: (snapshot: RoutingSnapshot) => void): () => void;
  /** Called the moment an actor is known dead, before a snapshot says so. */
  onDown(listener: (actorIds: readonly ActorId[]) => void): () => void;
}

/** Listening sockets that outlive this process: the node agent keeps them. */
export interface KeptSockets {
  /** A bound socket for `net.Server.listen`, once. `already_exists`: the address is in use. */
  take(host: string, port: number): Promise<object>;
  /** This actor will not listen again: what nobody else holds is closed. */
  release(): Promise<void>;
  /** Resolves when another process has taken the actor over and listens. `draining`: none will come. */
  handOver(timeoutMs: number): Promise<void>;
}

/** What an actor module receives from its worker. */
export interface ActorContext {
  readonly actor: ActorRecord;
  readonly actorId: ActorId;
  readonly nodeId: NodeId;
  readonly nodeIp: string;
  readonly workerId: WorkerId;
  readonly sessionDir: string;
  /** Cluster token: for links to other processes. */
  readonly token: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly routing: RoutingFeed;
  /** Absent where no agent keeps any. */
  readonly sockets?: KeptSockets;
  /**
   * Opens a link to another process of the cluster; picks the unix socket on the same node. `unavailable` where
   * somebody else than `actorId` answers.
   */
  connect(target: {
    nodeId: NodeId;
    addresses: { unix: string; tcp: string };
    actorId?: ActorId | undefined;
  }): Promise<Link>;
  /** Newest known addresses of the control store, `tcp:host:port`. */
  gcsAddresses(): Promise<readonly string[]>;
  /** Local path of a bundle. */
  fetchBundle(bundleId: string): Promise<string>;
  /** Ends the process in order with exit code 1: for an actor that cannot go on. */
  fail(error: unknown): void;
}

/** A running actor. */
export interface ActorInstance {
  /** Called for each inbound link, before any stream: set acceptors here. */
  onLink(link: Link): void;
  /**
   * First rung of the termination ladder: refuse new work, finish what is in flight within `graceMs`,
   * release resources. The worker exits when it resolves. `ordered` false: the agent did not ask for it (a signal
   * from outside), so the actor comes back as its spec allows.
   */
  shutdown(graceMs: number, reason: string, ordered?: boolean): Promise<void>;
}

/** An actor module's export `createActor`: resolves when the actor is ready to serve. */
export type CreateActor = (context: ActorContext, args: unknown) => Promise<ActorInstance>;
