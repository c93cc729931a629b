import type { TableMutation } from "../../store/index.ts";
import { mutationBytes } from "../../store/mutation.ts";

/** Mutations that wait for the store, in order, bounded by their number and their size. */
export class MutationQueue {
  readonly entriesMax: number;
  readonly #bytesMax: number;
  #waiting: TableMutation[] = [];
  #bytes = 0;
  #added = 0;

  constructor(entriesMax: number, bytesMax: number) {
    this.entriesMax = entriesMax;
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** How many there have been so far, dropped ones included. */
  get added(): number {
    return this.#added;
  }

  /** False where there is no room: it is counted and not kept. */
  add(mutation: TableMutation): boolean {
    this.#added += 1;
    const bytes = mutationBytes(mutation);
    if (this.#waiting.length >= this.entriesMax || this.#bytes + bytes > this.#bytesMax) return false;
    this.#waiting.push(mutation);
    this.#bytes += bytes;
    return true;
  }

  /** The oldest ones, at least one, of about `stepBytes` together; they wait no more. */
  take(stepBytes: number): TableMutation[] {
    let room = stepBytes;
    let count = 0;
    for (const mutation of this.#waiting) {
      const bytes = mutationBytes(mutation);
      if (count > 0 && bytes > room) break;
      room -= bytes;
      count += 1;
    }
    this.#bytes -= stepBytes - room;
    return this.#waiting.splice(0, count);
  }

  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
  }
}

/** Cuts a list into steps of about `stepBytes`, each of at least one mutation. */
export const inSteps = (mutations: readonly TableMutation[], stepBytes: number): TableMutation[][] => {
  const steps: TableMutation[][] = [];
  let room = 0;
  for (const mutation of mutations) {
    const bytes = mutationBytes(mutation);
    const step = steps.at(-1);
    if (step === undefined || bytes > room) {
      steps.push([mutation]);
      room = stepBytes - bytes;
    } else {
      step.push(mutation);
      room -= bytes;
    }
  }
  return steps;
};
