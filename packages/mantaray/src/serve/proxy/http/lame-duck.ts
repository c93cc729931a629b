import type { FrontContext } from "./front-context.ts";

/** How a front drains. */
export interface DrainOptions {
  /** Bound of everything: what is left then is cut, event streams after their end has been told. */
  readonly graceMs: number;
  /**
   * Others hold the listening socket too and accept for us: no need to. Default false: connections are
   * accepted for the lame-duck time, at most half of `graceMs`.
   */
  readonly handedOver?: boolean;
  /** Called before the front stops to accept; what it throws is logged. */
  readonly beforeStopListening?: () => Promise<void>;
}

/** The front's own times of a drain, on `performance.now`. The sweeper drives it. */
export class LameDuck {
  readonly #context: FrontContext;
  #sinceMs: number | undefined;
  /** Of the last connection accepted; far in the past before the first. */
  lastAcceptMs = Number.NEGATIVE_INFINITY;

  constructor(context: FrontContext) {
    this.#context = context;
  }

  /** From now on each response closes its connection; idle ones go when the lame-duck time is over. */
  begin(nowMs: number): void {
    this.#sinceMs ??= nowMs;
    this.#context.draining = true;
  }

  /** Takes `begin` back. */
  takeBack(keepAliveMs: number): void {
    this.#sinceMs = undefined;
    this.#context.draining = false;
    this.#context.tunnelsLeave = false;
    this.#context.idleMs = keepAliveMs;
  }

  /** Idle connections go, and WebSockets are told to. */
  closeIdle(): void {
    this.#context.idleMs = this.#context.limits.drainIdleMs;
    this.#context.tunnelsLeave = true;
  }

  sweep(nowMs: number): void {
    if (this.#sinceMs !== undefined && nowMs >= this.endMs(nowMs)) this.closeIdle();
  }

  /** When it is over. */
  endMs(nowMs: number): number {
    return (this.#sinceMs ?? nowMs) + this.#context.limits.lameDuckMs;
  }

  /**
   * Nobody is there whom an end could surprise: no connection is open and none came for a lame-duck time, so
   * that neither clients nor a balancer's checks come here.
   */
  quiet(nowMs: number): boolean {
    const { stats, limits } = this.#context;
    return stats.connections === 0 && nowMs - this.lastAcceptMs >= limits.lameDuckMs;
  }
}
