import { routingLimits } from "./limits.ts";

/** A silence that is over. */
interface Silence {
  readonly lastedMs: number;
  readonly endedAtMs: number;
}

/**
 * How long the replicas of a deployment use to be silent. One whose code computes for seconds without a pause
 * looks like a stopped one; after a few such silences its requests are left to it for longer than that, or
 * every one of them would be computed twice.
 */
export class SilenceHabit {
  #silences: readonly Silence[] = [];

  /** A replica talks again. */
  onEnd(lastedMs: number, nowMs: number): void {
    const kept = this.#silences.slice(1 - silencesMax);
    this.#silences = [...kept, { lastedMs, endedAtMs: nowMs }];
  }

  /** For how long a replica that has just fallen silent keeps what it has, ms. 0: no habit is known. */
  patienceMs(nowMs: number): number {
    const recent = this.#silences.filter(({ endedAtMs }) => endedAtMs > nowMs - routingLimits.habitMemoryMs);
    if (recent.length < routingLimits.habitSilencesMin) return 0;
    const longestMs = Math.max(...recent.map(({ lastedMs }) => lastedMs));
    return Math.min(routingLimits.habitPatienceMsMax, routingLimits.habitFactor * longestMs);
  }
}

/** The newest tell enough. */
const silencesMax = 8;
