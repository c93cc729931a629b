import type { KubeletClock } from "../clock.ts";
import { kubeletLimits } from "../limits.ts";

/** How a container is brought to its end. */
export interface ContainerEndingOptions {
  readonly clock: KubeletClock;
  /** For hook and program together. */
  readonly graceMs: number;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** preStop; rejects never; the signal says that its time is over. */
  readonly hook: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * preStop, SIGTERM, grace, SIGKILL. A hook that used up the grace leaves the program two seconds.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
 */
export class ContainerEnding {
  readonly #options: ContainerEndingOptions;
  readonly #hookOver = new AbortController();
  #deadlineMs: number;
  #timer: { cancel(): void } | undefined;
  #isCancelled = false;

  constructor(options: ContainerEndingOptions) {
    this.#options = options;
    this.#deadlineMs = options.clock.nowMs() + options.graceMs;
    void this.#run();
  }

  /** Less patience; more is not given. */
  hasten(graceMs: number): void {
    const deadlineMs = this.#options.clock.nowMs() + graceMs;
    if (deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    this.#arm();
  }

  /** It has ended. */
  cancel(): void {
    this.#isCancelled = true;
    this.#timer?.cancel();
    this.#hookOver.abort();
  }

  async #run(): Promise<void> {
    const { clock, hook, graceMs, signal } = this.#options;
    this.#arm();
    if (hook !== undefined && graceMs > 0) await hook(this.#hookOver.signal);
    if (this.#isCancelled) return;
    this.#hookOver.abort();
    this.#deadlineMs = Math.max(this.#deadlineMs, clock.nowMs() + kubeletLimits.graceExtensionMs);
    signal("SIGTERM");
    this.#arm();
  }

  #arm(): void {
    const { clock, signal, hook, graceMs } = this.#options;
    this.#timer?.cancel();
    const inHook = hook !== undefined && graceMs > 0 && !this.#hookOver.signal.aborted;
    this.#timer = clock.after(Math.max(0, this.#deadlineMs - clock.nowMs()), () => {
      if (inHook) this.#hookOver.abort();
      else signal("SIGKILL");
    });
  }
}
