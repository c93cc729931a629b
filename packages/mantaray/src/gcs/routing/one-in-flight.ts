import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";

/** Options of a `OneInFlight`. */
export interface OneInFlightOptions<T> {
  readonly send: (value: T) => Promise<void>;
  /** Joins what waits with what comes. */
  readonly merge: (waiting: T, next: T) => T;
  readonly clock: Clock;
  readonly retryMs: number;
  /** Told of each failure; the value is sent again unless `giveUp` says that it is no use. */
  readonly onError: (error: MantaError) => void;
  readonly giveUp: () => boolean;
}

/** Sends values one at a time; those that come meanwhile become one. */
export class OneInFlight<T> {
  readonly #options: OneInFlightOptions<T>;
  #waiting: { value: T } | undefined;
  #running = false;

  constructor(options: OneInFlightOptions<T>) {
    this.#options = options;
  }

  offer(value: T): void {
    const { merge } = this.#options;
    this.#waiting = { value: this.#waiting === undefined ? value : merge(this.#waiting.value, value) };
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { send, merge, clock, retryMs, onError, giveUp } = this.#options;
    // The rest of this turn joins.
    await new Promise((resolve) => setImmediate(resolve));
    for (let next = this.#take(); next !== undefined && !giveUp(); next = this.#take()) {
      try {
        await send(next.value);
      } catch (error) {
        onError(MantaError.from(error));
        const { value } = next;
        this.#waiting = { value: this.#waiting === undefined ? value : merge(value, this.#waiting.value) };
        if (giveUp()) break;
        await new Promise<void>((resolve) => clock.after(retryMs, resolve, { unref: true }));
      }
    }
    this.#running = false;
  }

  #take(): { value: T } | undefined {
    const next = this.#waiting;
    this.#waiting = undefined;
    return next;
  }
}
