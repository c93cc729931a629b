import type { Clock } from "../../base/clock.ts";
import type { LeaseClaim } from "../control-store.ts";

/**
 * What this process has seen of the lease. Decides what a claim may do where Redis was away or has lost its data:
 * a live leader could not renew then, so whoever stood by waits for two TTLs and lets it come first (S8).
 */
export class LeaseView {
  readonly #clock: Clock;
  /** Newest epoch seen; 0 for none. */
  newest = 0;
  /** Epoch granted to this process; 0 for none. */
  granted = 0;
  /** Its newest acknowledged write. */
  acked = 0;
  /** Who else held it when it was last seen. */
  #rival: string | undefined;
  #wasAway = false;
  #quietUntilMs = 0;
  #vanishedUntilMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The record may be made where there is none, or only an older one. */
  mayCreate(): boolean {
    if (this.#rival === undefined) return true;
    return this.#vanishedUntilMs !== undefined && this.#clock.nowMs() >= this.#vanishedUntilMs && this.mayTake();
  }

  /** An expired lease of somebody else may be taken. */
  mayTake(): boolean {
    return this.#clock.nowMs() >= this.#quietUntilMs;
  }

  /** Call before every claim. */
  prepare(ttlMs: number): void {
    if (this.#wasAway && this.#rival !== undefined) this.#quietUntilMs = this.#clock.nowMs() + 2 * ttlMs;
  }

  /** A call found Redis away. */
  lostSight(): void {
    this.#wasAway = true;
  }

  isGranted(epoch: number): LeaseClaim {
    this.#rival = undefined;
    this.#wasAway = false;
    this.#quietUntilMs = 0;
    this.#vanishedUntilMs = undefined;
    this.newest = epoch;
    this.granted = epoch;
    this.acked = 0;
    return { granted: true, epoch };
  }

  isHeld(holder: string, epoch: number, remainingMs: number): LeaseClaim {
    this.#rival = holder;
    this.#wasAway = false;
    this.#vanishedUntilMs = undefined;
    this.newest = epoch;
    const quietMs = this.#quietUntilMs - this.#clock.nowMs();
    return { granted: false, holder, remainingMs: Math.max(remainingMs, quietMs, 0) };
  }

  hasVanished(ttlMs: number): LeaseClaim {
    const nowMs = this.#clock.nowMs();
    this.#wasAway = false;
    this.#vanishedUntilMs ??= nowMs + 2 * ttlMs;
    const remainingMs = Math.max(this.#vanishedUntilMs - nowMs, this.#quietUntilMs - nowMs, 0);
    return { granted: false, holder: this.#rival ?? "", remainingMs };
  }
}
