import type { Logger } from "pino";
import { type Clock, pause, type Timer } from "../kube/clock.ts";
import type { ReconcileResult, Reconciler } from "../kube/reconciler.ts";
import { WorkQueue } from "../kube/work-queue.ts";
import { runtimeLimits } from "./limits.ts";

/** A pass that has ended, for metrics. */
export interface PassReport {
  readonly kind: string;
  readonly result: "success" | "error" | "requeue_after";
  readonly durationMs: number;
  readonly waitedMs: number;
}

/** What a controller takes. */
export interface ControllerOptions {
  readonly reconciler: Reconciler;
  /** Keys at once. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default `runtimeLimits.reconcileTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly onPass?: (report: PassReport) => void;
}

/** Works a queue of keys off with a reconciler: so many at once, back-off for those that fail, an end for those that hang. */
export class Controller {
  readonly queue: WorkQueue;
  readonly #options: ControllerOptions;
  readonly #timeoutMs: number;
  /** Key → since when. */
  readonly #running = new Map<string, number>();
  readonly #halt = new AbortController();
  #workers: Promise<void>[] = [];

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? runtimeLimits.reconcileTimeoutMs;
    this.queue = new WorkQueue({ clock: options.clock });
  }

  get kind(): string {
    return this.#options.reconciler.kind;
  }

  /** Whether a key of this kind is for it: of its objects, or for it alone. */
  takes(kind: string): boolean {
    const { objects } = this.#options.reconciler;
    return kind === this.kind || kind === objects;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** Keys whose pass does not end though its signal has fired long ago. */
  get stuckKeys(): readonly string[] {
    const sinceMs = this.#options.clock.nowMs() - this.#timeoutMs - runtimeLimits.reconcileStuckMs;
    return [...this.#running].filter(([, startedMs]) => startedMs < sinceMs).map(([key]) => key);
  }

  start(): void {
    this.#workers = Array.from({ length: this.#options.concurrency }, () => this.#work());
  }

  /** Starts no more passes, lets those that run end for `drainMs`, then fires their signal and leaves. */
  async close(drainMs: number): Promise<void> {
    this.queue.close();
    const ended = Promise.all(this.#workers);
    const over = new AbortController();
    await Promise.race([ended, pause(this.#options.clock, drainMs, over.signal)]);
    over.abort();
    this.#halt.abort(new Error("the operator stops"));
    this.#options.reconciler.close?.();
  }

  async #work(): Promise<void> {
    for (;;) {
      const taken = await this.queue.take();
      if (taken === undefined) return;
      await this.#pass(taken.key, taken.waitedMs);
      this.queue.done(taken.key);
    }
  }

  async #pass(key: string, waitedMs: number): Promise<void> {
    const { clock, onPass } = this.#options;
    const startedMs = clock.nowMs();
    this.#running.set(key, startedMs);
    const { result, error } = await this.#attempt(key);
    this.#running.delete(key);
    const durationMs = clock.nowMs() - startedMs;
    if (error !== undefined) this.#failed(key, error, durationMs, result.requeueAfterMs);
    else {
      this.queue.forget(key);
      if (result.requeueAfterMs !== undefined) this.queue.addAfter(key, result.requeueAfterMs);
    }
    const outcome = error !== undefined ? "error" : result.requeueAfterMs === undefined ? "success" : "requeue_after";
    onPass?.({ kind: this.kind, result: outcome, durationMs, waitedMs });
  }

  async #attempt(key: string): Promise<{ result: ReconcileResult; error: Error | undefined }> {
    const { clock, log, reconciler } = this.#options;
    const late = new AbortController();
    const timers: Timer[] = [
      clock.after(this.#timeoutMs, () => {
        log.error({ kind: this.kind, key, timeoutMs: this.#timeoutMs }, "a pass takes too long: told to stop");
        late.abort(new Error(`the pass took longer than ${this.#timeoutMs} ms`));
      }),
    ];
    try {
      const result = await reconciler.reconcile(key, AbortSignal.any([late.signal, this.#halt.signal]));
      return { result, error: result.error };
    } catch (error) {
      return { result: {}, error: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      for (const timer of timers) timer.cancel();
    }
  }

  #failed(key: string, error: Error, durationMs: number, withinMs?: number): void {
    const { log } = this.#options;
    const stops = this.#halt.signal.aborted;
    const retryMs = Math.round(this.queue.addFailed(key, withinMs));
    const failures = this.queue.failures(key);
    const fields = {
      kind: this.kind,
      key,
      failures,
      durationMs: Math.round(durationMs),
      retryMs,
      error: error.message,
    };
    // One that fails for ever is told less and less often: at 1, 2, 4, 8 …
    if (stops || (failures & (failures - 1)) !== 0) log.debug(fields, "a pass failed");
    else log.warn({ ...fields, stack: error.stack }, "a pass failed");
  }
}
