/** Where the controller dies: at the n-th thing it does to the world, before it is done or when it is done and unanswered. */
export interface CrashPoint {
  readonly at: number;
  readonly when: "before" | "after";
}

/** Counts what a controller does to the world, and says at which of it the controller dies. */
export class CrashPlan {
  /** Everything done to the world so far, by name. */
  readonly done: string[] = [];
  readonly #point: CrashPoint | undefined;

  constructor(point?: CrashPoint) {
    this.#point = point;
  }

  /** Asked once for each thing that is done. */
  next(what: string): CrashPoint["when"] | undefined {
    const at = this.done.length;
    this.done.push(what);
    return this.#point?.at === at ? this.#point.when : undefined;
  }
}
