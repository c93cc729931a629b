import { MantaError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { controllerLimits } from "../limits.ts";

/** Something to do in the world. Its outcome comes back as plain calls, after which the loop turns. */
export interface Effect<T> {
  /** For the log. */
  readonly what: string;
  readonly run: () => Promise<T>;
  readonly done: (value: T) => void;
  readonly failed: (error: MantaError) => void;
}

/** Runs effects, a bounded number at once, in the order they came. */
export class Effects {
  readonly #log: Log;
  readonly #wake: () => void;
  readonly #waiting: (() => Promise<void>)[] = [];
  #underWay = 0;

  constructor(deps: { readonly log: Log; readonly wake: () => void }) {
    this.#log = deps.log;
    this.#wake = deps.wake;
  }

  /** Effects under way and waiting. */
  get pending(): number {
    return this.#underWay + this.#waiting.length;
  }

  start<T>(effect: Effect<T>): void {
    this.#waiting.push(() => this.#run(effect));
    this.#next();
  }

  #next(): void {
    while (this.#underWay < controllerLimits.effectsMax) {
      const job = this.#waiting.shift();
      if (job === undefined) return;
      this.#underWay += 1;
      void job();
    }
  }

  async #run<T>(effect: Effect<T>): Promise<void> {
    try {
      effect.done(await effect.run());
    } catch (error) {
      const reason = MantaError.from(error);
      this.#log[reason.retryable ? "debug" : "warn"]({ err: reason, effect: effect.what }, "an action failed");
      effect.failed(reason);
    } finally {
      this.#underWay -= 1;
      this.#next();
      this.#wake();
    }
  }
}
