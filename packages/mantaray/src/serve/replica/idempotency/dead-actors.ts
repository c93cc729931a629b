import { keyedLimits } from "./limits.ts";

/** Actors whose owner says that they are dead: the newest of them. */
export class DeadActors {
  readonly #ids = new Set<string>();

  add(actorIds: readonly string[]): void {
    for (const actorId of actorIds) this.#ids.add(actorId);
    for (const actorId of this.#ids) {
      if (this.#ids.size <= keyedLimits.deadActorsMax) return;
      this.#ids.delete(actorId);
    }
  }

  has(actorId: string): boolean {
    return this.#ids.has(actorId);
  }
}
