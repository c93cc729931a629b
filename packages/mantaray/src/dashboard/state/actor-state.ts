import type { ActorRecord } from "../../protocol/actor.ts";
import type { StateResource } from "./state-row.ts";

/** Actors in the State API (reference, section 2.4). */
export const actorState: StateResource<ActorRecord> = {
  name: "actors",
  idColumn: "actor_id",
  id: (actor) => actor.actorId,
  filterColumns: [
    "actor_id",
    "class_name",
    "state",
    "job_id",
    "name",
    "node_id",
    "pid",
    "ray_namespace",
    "is_detached",
    "placement_group_id",
    "repr_name",
    "num_restarts",
  ],
  row: (actor) => ({
    actor_id: actor.actorId,
    class_name: actor.spec.className,
    state: actor.state,
    job_id: actor.spec.jobId,
    name: actor.spec.name,
    node_id: actor.nodeId,
    pid: actor.pid,
    ray_namespace: actor.spec.namespace,
  }),
  detailRow: (actor) => ({
    serialized_runtime_env: "{}",
    required_resources: actor.spec.resources,
    death_cause:
      actor.deathCause === null
        ? null
        : {
            kind: actor.deathCause.kind,
            error_message: actor.deathCause.message,
            exit_code: actor.deathCause.exitCode ?? null,
            signal: actor.deathCause.signal ?? null,
          },
    is_detached: true,
    placement_group_id: null,
    repr_name: "",
    num_restarts: actor.restarts,
    num_restarts_due_to_lineage_reconstruction: 0,
    num_restarts_due_to_node_preemption: 0,
    call_site: null,
    label_selector: {},
    start_time_ms: actor.startMs,
    end_time_ms: actor.endMs,
    pending_reason: actor.pendingReason,
  }),
};
