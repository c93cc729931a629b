import type { ActorRecord } from "../../protocol/actor.ts";
import type { InventoryItem } from "../../protocol/node.ts";
import { phaseOf } from "../actors/lifecycle.ts";
import { newActor } from "../actors/new-actor.ts";

/** The part of the actor table that is needed. */
export interface NamedActors {
  live(namespace: string, name: string): ActorRecord | undefined;
  /** Whether a row of an actor made at that time may have been dropped after its death. */
  mayHaveDropped(startMs: number): boolean;
}

/** What to do with an actor that a node has and no row is about. */
export type Adoption =
  /** `instead`: the actor of that name that has to end for it. */
  | { readonly kind: "adopt"; readonly record: ActorRecord; readonly instead?: ActorRecord }
  | { readonly kind: "unwanted" };

/**
 * An actor without a row is either one whose row was dropped long after its death, or one that the store has lost
 * or never had: its data are gone, or the control store died before they were written. Rows go in the order
 * of deaths, so an actor younger than the oldest row that is kept cannot have been dropped: it is adopted.
 *
 * Names stay unique: an actor of the same name that answers already is kept, unless it was itself adopted and is the
 * elder of the two, for then the younger one had followed it. One that does not answer yet makes way.
 */
export const judgeUnknown = (
  item: InventoryItem,
  actors: NamedActors,
  wasAdopted: (record: ActorRecord) => boolean,
): Adoption => {
  const { spec, startMs } = item;
  if (actors.mayHaveDropped(startMs)) return { kind: "unwanted" };
  const record: ActorRecord = { ...newActor(spec, startMs), actorId: item.actorId, restarts: item.restarts };
  const present = spec.name === "" ? undefined : actors.live(spec.namespace, spec.name);
  if (present === undefined) return { kind: "adopt", record };
  const makesWay = phaseOf(present).kind !== "alive" || (wasAdopted(present) && present.startMs < startMs);
  return makesWay ? { kind: "adopt", record, instead: present } : { kind: "unwanted" };
};
