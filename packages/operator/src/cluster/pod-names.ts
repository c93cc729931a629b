import { clusterLimits } from "./limits.ts";
import { digest } from "./revision.ts";

/**
 * Gives out names of pods. A name follows from what the pod is for, so that whoever makes the same decision again,
 * without having seen the answer to the first create, asks for the same pod and gets "already exists" instead of a
 * second one. Names in use and those in `refused` are passed over.
 */
export class PodNames {
  readonly #uid: string;
  readonly #taken: Set<string>;

  constructor(uid: string, taken: ReadonlySet<string>, refused: readonly string[] = []) {
    this.#uid = uid;
    this.#taken = new Set([...taken, ...refused]);
  }

  /** `<prefix>-<five characters>`. `purpose`: what tells this pod from all others of its cluster. */
  next(prefix: string, purpose: string): string {
    for (let attempt = 0; attempt < clusterLimits.nameAttemptsMax; attempt += 1) {
      const name = `${prefix}-${digest([this.#uid, purpose, attempt], suffixLength)}`;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
    throw new Error(`no free name ${prefix}-* for ${purpose} after ${clusterLimits.nameAttemptsMax} tries`);
  }
}

const suffixLength = 5;
