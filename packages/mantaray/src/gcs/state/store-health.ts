import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { gcsLimits } from "../limits.ts";

/** Who uses the store: each may find it away by itself (a full server renews leases and refuses values). */
export type StoreUser = "lease" | "tables";

/** Whether the store answers, as far as its users have found out. */
export class StoreHealth {
  readonly #reasons = new Map<StoreUser, string>();
  readonly #clock: Clock;
  readonly #log: Log;
  #awaySinceMs = 0;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get available(): boolean {
    return this.#reasons.size === 0;
  }

  /** Why it is away; empty where it is not. */
  get reason(): string {
    return [...this.#reasons.values()][0] ?? "";
  }

  /** For how long it has been away, ms; 0 where it is not. */
  get awayMs(): number {
    return this.available ? 0 : this.#clock.nowMs() - this.#awaySinceMs;
  }

  /** Away for longer than a slow store is: nobody should wait for it. */
  get lost(): boolean {
    return this.awayMs >= gcsLimits.storePatienceMs;
  }

  /** `unavailable` with the reason. */
  error(): MantaError {
    const forS = (this.awayMs / 1_000).toFixed(1);
    return new MantaError(
      "unavailable",
      `the control store's storage is away for ${forS} s, so nothing can be changed: ${this.reason}`,
      { details: { storage: this.reason } },
    );
  }

  /** A use of the store failed. `sinceMs`: when it began, monotonic; default now. */
  failed(user: StoreUser, reason: string, sinceMs = this.#clock.nowMs()): void {
    if (this.available) {
      this.#awaySinceMs = sinceMs;
      this.#log.warn({ user, reason }, "the store is away");
    }
    this.#reasons.set(user, reason);
  }

  /** A use of it did what it should. A write that was taken says that the lease is good as well. */
  worked(user: StoreUser): void {
    if (this.available) return;
    const { awayMs } = this;
    if (user === "tables") this.#reasons.clear();
    else this.#reasons.delete(user);
    if (this.available) this.#log.info({ awayMs: Math.round(awayMs) }, "the store is back");
  }
}
