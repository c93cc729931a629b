/** How a controller dies of an act: before it is done, or when it is done and unanswered. */
export type Death = "before" | "after";

/** Counts what controllers do to the world, and says of which act they die. */
export class CrashPlan {
  /** Everything done to the world so far, by name. */
  readonly done: string[] = [];
  readonly #deathAt: (index: number) => Death | undefined;

  /** Without an argument nobody dies. */
  constructor(deathAt: (index: number) => Death | undefined = () => undefined) {
    this.#deathAt = deathAt;
  }

  /** Asked once for each thing that is done. */
  next(what: string): Death | undefined {
    this.done.push(what);
    return this.#deathAt(this.done.length - 1);
  }
}
