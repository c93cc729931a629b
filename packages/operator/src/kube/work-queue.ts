import type { Clock, Timer } from "./clock.ts";
import { kubeLimits } from "./limits.ts";

/** What a queue takes. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Back-off of keys that fail. Defaults of `kubeLimits`. */
  readonly initialMs?: number;
  readonly maxMs?: number;
}

/** A key taken out, to be handed back by `done`. */
export interface TakenKey {
  readonly key: string;
  /** How long it was due before somebody took it. */
  readonly waitedMs: number;
}

/**
 * Keys that want work, first come first served. Q1: a key is with one worker at a time. Q2: a key added while it is
 * worked on is queued once more, after that. Q3: a key waits in the queue once, however often it is added. Q4: of
 * several delays for a key the earliest counts, and taking the key cancels it: each pass says anew when the next is due.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Key → since when it is due. In order. */
  readonly #ready = new Map<string, number>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { readonly atMs: number; readonly timer: Timer }>();
  readonly #failures = new Map<string, number>();
  readonly #waiters: ((taken: TakenKey | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys due and not taken. */
  get depth(): number {
    return this.#ready.size;
  }

  get workingCount(): number {
    return this.#working.size;
  }

  get delayedCount(): number {
    return this.#delayed.size;
  }

  /** Since when the oldest key is due, in ms; 0 without one. */
  get oldestWaitMs(): number {
    for (const sinceMs of this.#ready.values()) return this.#options.clock.nowMs() - sinceMs;
    return 0;
  }

  /** How often the key failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  add(key: string): void {
    if (this.#closed) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#cancelDelay(key);
    if (this.#ready.has(key)) return;
    this.#ready.set(key, this.#options.clock.nowMs());
    this.#hand();
  }

  /** Adds the key after a while, unless it is added before. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const atMs = this.#options.clock.nowMs() + delayMs;
    const before = this.#delayed.get(key);
    if (this.#ready.has(key) || (before !== undefined && before.atMs <= atMs)) return;
    before?.timer.cancel();
    const timer = this.#options.clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, timer });
  }

  /** The key failed: adds it after its back-off, which doubles, or after `withinMs` if that is sooner. Returns the delay. */
  addFailed(key: string, withinMs = Number.POSITIVE_INFINITY): number {
    const {
      initialMs = kubeLimits.queueInitialMs,
      maxMs = kubeLimits.queueMaxMs,
      random = Math.random,
    } = this.#options;
    const count = this.failures(key);
    this.#failures.set(key, count + 1);
    const backoffMs = Math.min(maxMs, initialMs * 2 ** Math.min(count, 30)) * (0.5 + random() / 2);
    const delayMs = Math.min(backoffMs, withinMs);
    this.addAfter(key, delayMs);
    return delayMs;
  }

  /** The key did well: its back-off starts anew. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key; undefined once the queue is closed. */
  take(): Promise<TakenKey | undefined> {
    return new Promise((resolve) => {
      if (this.#closed) {
        resolve(undefined);
        return;
      }
      this.#waiters.push(resolve);
      this.#hand();
    });
  }

  /** Hands a key back. */
  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Nobody gets a key any more; what is worked on goes on. */
  close(): void {
    this.#closed = true;
    this.#ready.clear();
    this.#again.clear();
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
  }

  #hand(): void {
    for (const [key, sinceMs] of this.#ready) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      this.#ready.delete(key);
      this.#working.add(key);
      waiter({ key, waitedMs: this.#options.clock.nowMs() - sinceMs });
    }
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
  }
}
