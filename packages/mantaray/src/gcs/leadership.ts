import type { Clock, Timer } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ControlStore } from "../store/index.ts";
import { storeLimits } from "../store/index.ts";
import { gcsLimits } from "./limits.ts";
import { every } from "./periodic.ts";
import type { StoreHealth } from "./state/store-health.ts";

/** By what right orders are given. */
export interface Authority {
  /** Part of every order and every write. Rises when the lease had to be claimed anew. */
  readonly epoch: number;
  /** Resolves at once while the lease is not in doubt, else when a renewal has answered. Rejects when it is lost. */
  confirmed(): Promise<void>;
  /** An agent has heard of a newer epoch. */
  suspect(): void;
}

/** What a leadership is made of. */
export interface LeadershipOptions {
  readonly store: Pick<ControlStore, "claimLease" | "renewLease" | "releaseLease">;
  readonly holder: string;
  /** As the claim was granted. */
  readonly epoch: number;
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly log: Log;
  /** The lease has passed to somebody else: this process must end at once. */
  readonly onLost: (error: MantaError) => void;
  /** A renewal found the store emptied. */
  readonly onDataLoss: () => void;
}

/**
 * A held lease that renews itself.
 *
 * E1 It leads on while the store does not answer: nobody else can claim there, and who was only cut off from
 *    the store is told by agents that have heard a newer epoch.
 * E2 A process that stood still for long does not trust its lease until a renewal begun after that has answered.
 * E3 Once lost, nothing is written and no order is given, for good.
 */
export class Leadership implements Authority {
  readonly #options: LeadershipOptions;
  #epoch: number;
  #timers: Timer[] = [];
  #tickMs: number;
  #renewal: Promise<RenewalOutcome> | undefined;
  #doubt: Promise<void> | undefined;
  #lost: MantaError | undefined;
  #released = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#epoch = options.epoch;
    this.#tickMs = options.clock.nowMs();
  }

  get epoch(): number {
    return this.#epoch;
  }

  start(): void {
    const { clock } = this.#options;
    this.#timers = [
      every(clock, storeLimits.leaseRenewPeriodMs, () => void this.#renew()),
      every(clock, gcsLimits.leaseTickMs, () => {
        this.#lookAtClock();
        this.#tickMs = clock.nowMs();
      }),
    ];
  }

  confirmed(): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    // Sockets may be read before the first timer runs.
    this.#lookAtClock();
    return this.#doubt ?? settled;
  }

  suspect(): void {
    if (this.#doubt !== undefined || this.#lost !== undefined || this.#released) return;
    this.#options.log.warn({ epoch: this.#epoch }, "an agent has heard of a newer leader");
    this.#begin(async () => {
      // The store does not answer us, and others do: they have reached it.
      if ((await this.#renewAnew()) === "away") {
        this.#lose(new MantaError("stale_epoch", "agents follow a newer leader, and the store cannot be reached"));
      }
    });
  }

  /** Takes the lease anew in a store that has lost its data: a new epoch. `stale_epoch` when somebody else has it. */
  async reclaim(): Promise<void> {
    const { store, holder, log } = this.#options;
    const claim = await store.claimLease(holder, storeLimits.leaseTtlMs);
    if (!claim.granted) {
      throw new MantaError("stale_epoch", `the store was emptied, and ${claim.holder || "nobody"} has the lease now`);
    }
    if (this.#released || this.#lost !== undefined) return;
    log.warn({ former: this.#epoch, epoch: claim.epoch }, "took the lease anew");
    this.#epoch = claim.epoch;
  }

  /** Renews no more. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#released = true;
  }

  /** Gives the lease back, so that the next claim need not wait. */
  async release(): Promise<void> {
    this.stop();
    await this.#options.store.releaseLease({ holder: this.#options.holder, epoch: this.#epoch });
  }

  #lookAtClock(): void {
    const stoodMs = this.#options.clock.nowMs() - this.#tickMs - gcsLimits.leaseTickMs;
    if (stoodMs < gcsLimits.leaseStallMs || this.#doubt !== undefined || this.#released) return;
    this.#options.log.warn({ stoodMs: Math.round(stoodMs) }, "this process stood still: is the lease still ours?");
    this.#begin(async () => void (await this.#renewAnew())); // E2
  }

  #begin(check: () => Promise<void>): void {
    const clear = async (): Promise<void> => {
      await check();
      this.#tickMs = this.#options.clock.nowMs();
      this.#doubt = undefined;
      if (this.#lost !== undefined) throw this.#lost;
    };
    this.#doubt = clear();
    // Whoever waits hears of it; nobody need wait.
    this.#doubt.catch(() => undefined);
  }

  /** A renewal that began after this call. */
  async #renewAnew(): Promise<RenewalOutcome> {
    await this.#renewal;
    return this.#renew();
  }

  #renew(): Promise<RenewalOutcome> {
    if (this.#lost !== undefined || this.#released) return Promise.resolve("lost");
    this.#renewal ??= this.#renewOnce().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renewOnce(): Promise<RenewalOutcome> {
    const { store, holder, health, onDataLoss } = this.#options;
    const epoch = this.#epoch;
    try {
      await store.renewLease({ holder, epoch }, storeLimits.leaseTtlMs);
      health.worked("lease");
      return "renewed";
    } catch (thrown) {
      const error = MantaError.from(thrown);
      // Claimed anew meanwhile: the answer is about an epoch of the past.
      if (epoch !== this.#epoch || this.#released) return "renewed";
      if (error.code === "stale_epoch") return this.#lose(error);
      if (error.code === "data_loss") onDataLoss();
      else if (!this.#released) health.failed("lease", error.rawMessage); // E1
      return "away";
    }
  }

  #lose(error: MantaError): RenewalOutcome {
    if (this.#lost === undefined && !this.#released) {
      this.#lost = error; // E3
      this.stop();
      this.#options.onLost(error);
    }
    return "lost";
  }
}

type RenewalOutcome = "renewed" | "away" | "lost";

const settled = Promise.resolve();
