import type { Probe } from "kubernetes-types/core/v1.d.ts";
import type { KubeletClock } from "../clock.ts";
import type { ProbeResult } from "./perform-probe.ts";

/** How a probe is repeated and judged. */
export interface ProbeLoopOptions {
  readonly probe: Probe;
  readonly clock: KubeletClock;
  /** Once, with its own time-out. */
  readonly perform: () => Promise<ProbeResult>;
  /** Every failure, also one below the threshold. */
  readonly onFailure: (message: string) => void;
  /** The judgement changed, or (failing) held for another `failureThreshold`. */
  readonly onVerdict: (success: boolean) => void;
}

/**
 * Probes every `periodSeconds` after `initialDelaySeconds`; `successThreshold` successes or `failureThreshold` failures
 * in a row make a verdict. https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#configure-probes
 */
export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  #timer: { cancel(): void };
  #isStopped = false;
  #row = { success: false, length: 0 };

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    this.#timer = options.clock.after((options.probe.initialDelaySeconds ?? 0) * 1_000, () => void this.#once());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.cancel();
  }

  async #once(): Promise<void> {
    const { probe, clock, perform } = this.#options;
    const startedMs = clock.nowMs();
    const result = await perform();
    if (this.#isStopped) return;
    const periodMs = (probe.periodSeconds ?? 10) * 1_000;
    // A ticker: a slow probe does not shift the next one, and never overlaps it.
    const delayMs = Math.max(0, periodMs - (clock.nowMs() - startedMs));
    this.#timer = clock.after(delayMs, () => void this.#once());
    this.#judge(result);
  }

  #judge(result: ProbeResult): void {
    const { probe, onFailure, onVerdict } = this.#options;
    this.#row = {
      success: result.success,
      length: this.#row.success === result.success ? this.#row.length + 1 : 1,
    };
    if (!result.success) onFailure(result.message);
    const threshold = result.success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#row.length >= threshold) onVerdict(result.success);
  }
}
