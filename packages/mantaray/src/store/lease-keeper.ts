import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { LeaseClaim, LeaseTerm } from "./control-store.ts";

/**
 * Who may write, for backends whose arbiter is this process. Time is monotonic: a jump of the wall clock
 * neither ends nor prolongs a lease. Epochs are the wall clock in ms that never goes back (S4).
 */
export class LeaseKeeper {
  readonly #clock: Clock;
  #epoch: number;
  #holder: string | null = null;
  #expiresAtMs = 0;

  /** `epoch`: the newest one that was ever granted. */
  constructor(clock: Clock, epoch: number) {
    this.#clock = clock;
    this.#epoch = epoch;
  }

  claim(holder: string, ttlMs: number): LeaseClaim {
    const nowMs = this.#clock.nowMs();
    const remainingMs = this.#expiresAtMs - nowMs;
    if (this.#holder !== null && this.#holder !== holder && remainingMs > 0) {
      return { granted: false, holder: this.#holder, remainingMs };
    }
    this.#epoch = Math.max(this.#epoch + 1, Math.floor(this.#clock.wallMs()));
    this.#holder = holder;
    this.#expiresAtMs = nowMs + ttlMs;
    return { granted: true, epoch: this.#epoch };
  }

  renew(term: LeaseTerm, ttlMs: number): void {
    this.#checkTerm(term);
    this.#expiresAtMs = this.#clock.nowMs() + ttlMs;
  }

  release(term: LeaseTerm): void {
    this.#checkTerm(term);
    this.#holder = null;
  }

  /** Throws `stale_epoch` unless `epoch` is the newest and not released (S1). */
  check(epoch: number): void {
    if (epoch === this.#epoch && this.#holder !== null) return;
    const why = epoch === this.#epoch ? "its lease was released" : `the newest lease has epoch ${this.#epoch}`;
    throw new MantaError("stale_epoch", `a write of epoch ${epoch} was refused: ${why}`, {
      details: { epoch, newest: this.#epoch },
    });
  }

  #checkTerm({ holder, epoch }: LeaseTerm): void {
    this.check(epoch);
    if (holder !== this.#holder) {
      throw new MantaError("stale_epoch", `the lease of epoch ${epoch} belongs to ${this.#holder}, not to ${holder}`);
    }
  }
}
