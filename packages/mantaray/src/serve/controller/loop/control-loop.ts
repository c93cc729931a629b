import type { Clock, Timer } from "../../../base/clock.ts";
import { MantaError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { controllerLimits } from "../limits.ts";

/** What the loop is made of. */
export interface ControlLoopDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** A pass happens at least this often; signals bring it forward. */
  readonly periodMs: number;
  /** One turn: observe, decide, start what is to be done. Never waits. Returns when it wants the next turn at the latest. */
  readonly pass: () => number | null;
}

/**
 * Runs passes: at once when something happened, at the time that the last pass named, and every period
 * besides, so that a lost signal costs a period and no more. Passes never overlap: they do not wait.
 */
export class ControlLoop {
  readonly #deps: ControlLoopDeps;
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #lastPassMs = Number.NEGATIVE_INFINITY;
  #running = false;
  #stopped = true;
  /** Turns so far: for details and tests. */
  passes = 0;
  /** Turns that ended in an exception: a defect. */
  failedPasses = 0;

  constructor(deps: ControlLoopDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#stopped = false;
    this.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  /** Something happened: the next pass runs as soon as the gap since the last one allows. */
  wake(): void {
    const { clock } = this.#deps;
    this.#schedule(Math.max(clock.nowMs(), this.#lastPassMs + controllerLimits.passGapMs));
  }

  #schedule(atMs: number): void {
    if (this.#stopped || this.#timerAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#deps.clock.after(Math.max(0, atMs - this.#deps.clock.nowMs()), () => this.#run());
  }

  #run(): void {
    if (this.#stopped || this.#running) return;
    const { clock, log, pass, periodMs } = this.#deps;
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    this.#running = true;
    this.#lastPassMs = clock.nowMs();
    this.passes += 1;
    let nextMs: number | null = null;
    try {
      nextMs = pass();
    } catch (error) {
      this.failedPasses += 1;
      // A defect in one pass must not end the controller: the period brings the next one.
      log.error({ err: MantaError.from(error) }, "a pass of the controller failed");
    } finally {
      this.#running = false;
    }
    const periodAtMs = this.#lastPassMs + periodMs;
    this.#schedule(nextMs === null ? periodAtMs : Math.max(clock.nowMs(), Math.min(nextMs, periodAtMs)));
  }
}
