import { MantaError } from "../../base/errors.ts";
import { type ActorId, parseActorId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { PeerIdentity } from "../../rpc/index.ts";
import { phaseOf } from "../actors/lifecycle.ts";
import type { Cluster } from "../cluster.ts";

/** How a change that was let in is acknowledged. */
export interface Admission {
  /** Resolves when the caller may hear that it is done. */
  acknowledged(): Promise<void>;
}

/**
 * Lets a change in, or refuses it before anything has changed.
 *
 * F1 An actor that is DEAD here, or whose place another process of it has taken, changes nothing: `stale_epoch`.
 * F2 What people ask for is durable when it is acknowledged, and refused while the store is away. What actors do to
 *    keep the cluster as it should be (`upkeep`) goes on from memory meanwhile: a replica is replaced though the
 *    store is down. Should this process die before the store is back, what it started is found by inventory.
 */
export const admit = (cluster: Cluster, peer: PeerIdentity, upkeep: boolean): Admission => {
  const { ledger } = cluster;
  const isActor = checkFence(cluster, peer);
  if (isActor && upkeep) return { acknowledged: () => ledger.orderable() };
  ledger.admit();
  return { acknowledged: () => ledger.settled() };
};

/** F1. Returns whether the peer is an actor. */
const checkFence = ({ actorTable }: Cluster, { role, id }: PeerIdentity): boolean => {
  if (role !== "worker") return false;
  const caller = parseCaller(id);
  if (caller === undefined) return false;
  const record = actorTable.get(caller.actorId);
  if (record === undefined) {
    throw new MantaError("unavailable", `actor ${caller.actorId} is not known here (yet): its node has to register`);
  }
  const why = fenced(record, caller);
  if (why === undefined) return true;
  throw new MantaError("stale_epoch", `actor ${caller.actorId} changes nothing any more: ${why}`, {
    details: { actorId: caller.actorId, fenced: true },
  });
};

interface Caller {
  readonly actorId: ActorId;
  /** How often it had been restarted when this process of it was started, and which worker it is, when it says so. */
  readonly restarts: number | undefined;
  readonly workerId: string | undefined;
}

const fenced = (record: ActorRecord, { restarts, workerId }: Caller): string | undefined => {
  const phase = phaseOf(record);
  if (phase.kind === "dead") return "it is dead";
  if (restarts === undefined || workerId === undefined) return undefined;
  if (restarts < record.restarts) return "it was restarted since";
  if (restarts > record.restarts) return undefined;
  // The record keeps the worker of the process before until the next one is ready.
  if (phase.kind === "alive") return record.workerId === workerId ? undefined : "another process of it lives";
  return undefined;
};

/** An actor's links are named `<actor id>[:<restarts>:<worker id>]`. */
const parseCaller = (id: string): Caller | undefined => {
  const [actor = "", restarts, workerId] = id.split(":");
  try {
    return {
      actorId: parseActorId(actor),
      restarts: restarts === undefined ? undefined : Number(restarts),
      workerId,
    };
  } catch {
    return undefined; // A worker's own link: not an actor's.
  }
};
