import { Backoff } from "../../../base/backoff.ts";
import type { Random } from "../../../base/random.ts";
import { controllerLimits } from "../limits.ts";

/** What follows from a replica that did not start. */
export interface StartFailureOutcome {
  /** No replica of this version ever started and the attempts are used up. */
  readonly gaveUp: boolean;
  readonly message: string;
}

/**
 * Counts starts that failed and replicas that died young, and says when the next start may be (reference
 * section 5.5). One for each revision that a deployment is brought to.
 */
export class StartFailures {
  readonly #random: Random;
  readonly #retriesPerReplica: number;
  #backoff: Backoff;
  #failures = 0;
  #quickDeaths = 0;
  /** Some replica of this version has run. */
  started = false;
  /** Starts wait until then; Infinity after giving up. */
  startAllowedAtMs = 0;

  constructor(deps: { readonly random: Random; readonly retriesPerReplica: number }) {
    this.#random = deps.random;
    this.#retriesPerReplica = deps.retriesPerReplica;
    this.#backoff = this.#newBackoff();
  }

  get failures(): number {
    return this.#failures;
  }

  /** A replica runs. */
  onStarted(): void {
    this.started = true;
  }

  /** A replica died before it ran. */
  onStartFailed(nowMs: number, wanted: number, retriesMax: number, error: string): StartFailureOutcome {
    this.#failures += 1;
    const threshold = Math.min(retriesMax, Math.max(1, wanted) * this.#retriesPerReplica);
    if (!this.started && this.#failures >= threshold) {
      this.startAllowedAtMs = Number.POSITIVE_INFINITY;
      return { gaveUp: true, message: `The deployment failed to start ${this.#failures} times in a row.\n${error}` };
    }
    this.startAllowedAtMs = nowMs + this.#backoff.nextMs();
    const how = this.started ? "Retrying with growing pauses" : `Retrying ${threshold - this.#failures} more time(s)`;
    return { gaveUp: false, message: `A replica failed to start with exception. ${how}.\n${error}` };
  }

  /** A replica that ran has died after `livedMs`. The first few are replaced at once. */
  onDeath(nowMs: number, livedMs: number): void {
    if (livedMs >= controllerLimits.quickDeathMs) {
      this.#quickDeaths = 0;
      return;
    }
    this.#quickDeaths += 1;
    if (this.#quickDeaths <= controllerLimits.quickDeathsFree) return;
    this.startAllowedAtMs = nowMs + Math.min(controllerLimits.crashBackoffMaxMs, this.#backoff.nextMs());
  }

  /** The deployment is complete: failures in a row are over. Deaths are forgotten only by living long. */
  onHealthy(): void {
    this.#failures = 0;
    if (this.#quickDeaths === 0) this.#backoff = this.#newBackoff();
  }

  #newBackoff(): Backoff {
    const { startBackoffInitialMs: initialMs, startBackoffMaxMs: maxMs } = controllerLimits;
    return new Backoff({ initialMs, maxMs, factor: 2 }, this.#random);
  }
}
