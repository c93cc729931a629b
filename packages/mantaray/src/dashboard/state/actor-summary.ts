import type { ActorRecord } from "../../protocol/actor.ts";

/** How many actors of a class are in which state. */
export interface ClassSummary {
  readonly class_name: string;
  readonly state_counts: Readonly<Record<string, number>>;
}

/** Actors by class, dead ones included (reference, section 2.4). */
export const summarizeActors = (actors: readonly ActorRecord[]): Readonly<Record<string, unknown>> => {
  const byClass = new Map<string, Map<string, number>>();
  for (const actor of actors) {
    const counts = byClass.get(actor.spec.className) ?? new Map<string, number>();
    counts.set(actor.state, (counts.get(actor.state) ?? 0) + 1);
    byClass.set(actor.spec.className, counts);
  }
  const summary: Record<string, ClassSummary> = {};
  for (const className of [...byClass.keys()].toSorted()) {
    const counts = [...(byClass.get(className) ?? [])].toSorted(([left], [right]) => (left < right ? -1 : 1));
    summary[className] = { class_name: className, state_counts: Object.fromEntries(counts) };
  }
  return { node_id_to_summary: { cluster: { summary, total_actors: actors.length, summary_by: "class" } } };
};
