import { rpcLimits } from "./limits.ts";

/** A stream with a deadline; one that is over is forgotten at the next sweep. */
interface Expiring {
  readonly done: boolean;
  expiresAtMs: number;
}

/**
 * Deadlines of one link's streams: one timer for all, running only while there are any. A timer per stream
 * would cost more than a small call itself.
 */
export class DeadlineSweeper<T extends Expiring> {
  #watched: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #expire: (stream: T) => void;

  constructor(expire: (stream: T) => void) {
    this.#expire = expire;
  }

  watch(stream: T, deadlineMs: number): void {
    stream.expiresAtMs = performance.now() + deadlineMs;
    this.#watched.push(stream);
    this.#timer ??= setTimeout(this.#sweep, rpcLimits.deadlineSweepMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watched = [];
  }

  readonly #sweep = (): void => {
    this.#timer = undefined;
    const nowMs = performance.now();
    const watched = this.#watched;
    this.#watched = [];
    for (const stream of watched) {
      if (stream.done) continue;
      if (stream.expiresAtMs <= nowMs) this.#expire(stream);
      else this.#watched.push(stream);
    }
    if (this.#watched.length > 0) this.#timer ??= setTimeout(this.#sweep, rpcLimits.deadlineSweepMs);
  };
}
