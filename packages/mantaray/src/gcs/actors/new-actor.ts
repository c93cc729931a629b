import { newActorId } from "../../base/ids.ts";
import type { ActorRecord, ActorSpec } from "../../protocol/actor.ts";

/** The record of an actor that was asked for this moment. */
export const newActor = (spec: ActorSpec, atMs: number): ActorRecord => ({
  actorId: newActorId(spec.jobId),
  spec,
  state: "PENDING_CREATION",
  nodeId: null,
  workerId: null,
  pid: null,
  addresses: null,
  restarts: 0,
  deathCause: null,
  startMs: atMs,
  endMs: null,
  pendingReason: "",
});
