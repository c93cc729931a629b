import { rpcLimits } from "./limits.ts";

/** A stream with a deadline. */
interface Expiring {
  expiresAtMs: number;
  /** Its place in the sweeper; -1 for none. */
  deadlineIndex: number;
}

/**
 * Deadlines of one link's streams: one timer for all, running only while there are any. A timer per stream
 * would cost more than a small call itself; streams leave the moment they end, so as not to outlive a
 * collection of garbage.
 */
export class DeadlineSweeper<T extends Expiring> {
  readonly #watched: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #expire: (stream: T) => void;

  constructor(expire: (stream: T) => void) {
    this.#expire = expire;
  }

  watch(stream: T, deadlineMs: number): void {
    stream.expiresAtMs = performance.now() + deadlineMs;
    stream.deadlineIndex = this.#watched.length;
    this.#watched.push(stream);
    this.#timer ??= setTimeout(this.#sweep, rpcLimits.deadlineSweepMs);
  }

  /** Forgets a stream, watched or not. */
  unwatch(stream: T): void {
    const index = stream.deadlineIndex;
    if (index < 0) return;
    stream.deadlineIndex = -1;
    const last = this.#watched.pop() as T;
    if (last === stream) return;
    this.#watched[index] = last;
    last.deadlineIndex = index;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const stream of this.#watched) stream.deadlineIndex = -1;
    this.#watched.length = 0;
  }

  readonly #sweep = (): void => {
    this.#timer = undefined;
    const nowMs = performance.now();
    // First collected, then expired: an expiry may add and remove others.
    const expired = this.#watched.filter((stream) => stream.expiresAtMs <= nowMs);
    for (const stream of expired) {
      if (stream.deadlineIndex >= 0) this.#expire(stream);
    }
    if (this.#watched.length > 0) this.#timer ??= setTimeout(this.#sweep, rpcLimits.deadlineSweepMs);
  };
}
