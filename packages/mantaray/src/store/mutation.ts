import type { ActorId, NodeId } from "../base/ids.ts";
import type { ActorRecord } from "../protocol/actor.ts";
import type { ClusterEvent } from "../protocol/gcs.ts";
import type { NodeRecord } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";

/** One entry of the key-value table. */
export interface KvEntry {
  readonly namespace: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** One change of the tables. Kinds are never reused for another meaning. */
export type TableMutation =
  /** Empties every table: what follows in the same write is the whole state. */
  | { readonly kind: "reset" }
  | { readonly kind: "putNodes"; readonly nodes: readonly NodeRecord[] }
  | { readonly kind: "deleteNodes"; readonly nodeIds: readonly NodeId[] }
  | { readonly kind: "putActors"; readonly actors: readonly ActorRecord[] }
  | { readonly kind: "deleteActors"; readonly actorIds: readonly ActorId[] }
  | ({ readonly kind: "putKv" } & KvEntry)
  | { readonly kind: "deleteKv"; readonly namespace: string; readonly key: string }
  | { readonly kind: "putRouting"; readonly snapshot: RoutingSnapshot }
  | { readonly kind: "appendEvent"; readonly event: ClusterEvent };

/** One change as the logs of the backends record it. */
export type Mutation = TableMutation | { readonly kind: "lease"; readonly epoch: number };

/** A rough size of a mutation on disk, bytes: for cutting batches, not for accounting. */
export const mutationBytes = (mutation: Mutation): number => {
  let records = 1;
  if (mutation.kind === "putKv") return mutation.value.byteLength + recordBytes;
  if (mutation.kind === "putNodes") records = mutation.nodes.length;
  if (mutation.kind === "putActors") records = mutation.actors.length;
  if (mutation.kind === "putRouting") {
    for (const deployment of Object.values(mutation.snapshot.deployments)) records += deployment.replicas.length;
  }
  return recordBytes * records;
};

/** A typical record, packed. */
const recordBytes = 1_024;
