import type { Clock, Timer } from "../../base/clock.ts";
import type { MantaError } from "../../base/errors.ts";

interface Waiter {
  readonly target: number;
  readonly timer: Timer;
  readonly settle: (reached: boolean) => void;
  readonly reject: (error: MantaError) => void;
}

/** Those who wait until a position, which only rises, has been reached. */
export class Barriers {
  readonly #waiters = new Set<Waiter>();
  readonly #clock: Clock;
  #reached = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get reached(): number {
    return this.#reached;
  }

  /** True once `target` is reached, false when it takes longer; rejects by `fail`. */
  wait(target: number, timeoutMs: number): Promise<boolean> {
    if (target <= this.#reached) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiters.delete(waiter);
        resolve(false);
      });
      const waiter: Waiter = { target, timer, settle: resolve, reject };
      this.#waiters.add(waiter);
    });
  }

  reach(position: number): void {
    this.#reached = Math.max(this.#reached, position);
    for (const waiter of this.#waiters) {
      if (waiter.target > this.#reached) continue;
      this.#forget(waiter);
      waiter.settle(true);
    }
  }

  fail(error: MantaError): void {
    for (const waiter of this.#waiters) {
      this.#forget(waiter);
      waiter.reject(error);
    }
  }

  #forget(waiter: Waiter): void {
    waiter.timer.cancel();
    this.#waiters.delete(waiter);
  }
}
