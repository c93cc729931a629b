/** How long a container waits before it starts again. */
export interface RestartDelays {
  /** Before the second restart; the first comes at once. A kubelet has 10 000. */
  readonly initialMs: number;
  /** A kubelet has 300 000. */
  readonly maxMs: number;
}

/** Delays of a container that keeps ending; one that ran for twice the longest delay starts over. */
export class RestartBackoff {
  readonly #delays: RestartDelays;
  #nextMs = 0;

  constructor(delays: RestartDelays) {
    this.#delays = delays;
  }

  /** The delay after a run of that length. */
  next(ranMs: number): number {
    if (ranMs >= 2 * this.#delays.maxMs) this.#nextMs = 0;
    const delayMs = this.#nextMs;
    this.#nextMs = delayMs === 0 ? this.#delays.initialMs : Math.min(2 * delayMs, this.#delays.maxMs);
    return delayMs;
  }
}
