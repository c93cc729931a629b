import { ApiError } from "../../api/api-error.ts";
import type { Clock } from "../../apiserver/clock.ts";
import { type KubeletLog, messageOf } from "../../kubelet/log.ts";
import { controllerLimits } from "../limits.ts";

/** How keys are worked through. */
export interface WorkQueueOptions {
  /** For the log: the controller. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: KubeletLog;
  /** Brings one object to what it should be; resolves to when to look again, in ms. Never runs twice at once. */
  readonly reconcile: (key: string) => Promise<number | undefined>;
}

/**
 * Keys of objects that something happened to, one after the other. A key that is added again while it waits is done
 * once; one that fails comes again, later each time.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #timers = new Map<string, { readonly atMs: number; cancel(): void }>();
  readonly #failures = new Map<string, number>();
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#closed) return;
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    this.#waiting.add(key);
    this.#running ??= this.#run();
  }

  /** An earlier time wins. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed || this.#waiting.has(key)) return;
    const { clock } = this.#options;
    const atMs = clock.nowMs() + delayMs;
    const known = this.#timers.get(key);
    if (known !== undefined && known.atMs <= atMs) return;
    known?.cancel();
    const timer = clock.after(delayMs, () => this.add(key), { unref: true });
    this.#timers.set(key, { atMs, cancel: () => timer.cancel() });
  }

  /** Resolves when what runs has ended; nothing runs after. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#waiting.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever adds is in the middle of a write.
    await nextTurn();
    for (let done = 1; ; done += 1) {
      const [key] = this.#waiting;
      if (key === undefined) break;
      this.#waiting.delete(key);
      await this.#reconcile(key);
      if (done % controllerLimits.reconcilesPerTurn === 0) await nextTurn();
    }
    this.#running = undefined;
  }

  async #reconcile(key: string): Promise<void> {
    const { name, log, reconcile } = this.#options;
    try {
      const againMs = await reconcile(key);
      this.#failures.delete(key);
      if (againMs !== undefined) this.addAfter(key, againMs);
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      const { retryMs, retryMaxMs } = controllerLimits;
      // Somebody else wrote meanwhile: no failure of anybody.
      const isConflict = error instanceof ApiError && error.reason === "Conflict";
      if (!isConflict && !this.#closed) log.warn(`${name} ${key}: ${messageOf(error)}`);
      this.addAfter(key, Math.min(retryMs * 2 ** failures, retryMaxMs));
    }
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
