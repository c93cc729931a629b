import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { nodeLimits } from "./limits.ts";

/** A process the watchdog pings. */
export interface Watched {
  /** Names it for good. */
  readonly key: string;
  /** Silence of that long is its end; 0: not watched. May change with its state. */
  readonly timeoutMs: number;
  ping(): Promise<unknown>;
  /** It did not answer: end it. */
  onUnresponsive(silentMs: number): void;
}

/** What the watchdog needs. */
export interface WatchdogDeps {
  readonly watched: () => readonly Watched[];
  readonly clock: Clock;
  readonly log: Log;
  /** Default `nodeLimits.watchdogPeriodMs`. */
  readonly periodMs?: number;
}

interface Silence {
  /** Heard silence, without the time in which we did not listen ourselves. */
  silentMs: number;
  missed: number;
  open: number;
}

/**
 * Watches event loops from outside. A process is unresponsive when it answered none of at least
 * `watchdogMissesMin` pings for its time limit. Time in which this process itself was stalled counts for
 * one period at most: answers may lie unread in our own socket.
 */
export class Watchdog {
  readonly #deps: WatchdogDeps;
  readonly #periodMs: number;
  readonly #silences = new Map<string, Silence>();
  #timer: Timer | undefined;
  #lastTickMs = 0;
  #lagMs = 0;

  constructor(deps: WatchdogDeps) {
    this.#deps = deps;
    this.#periodMs = deps.periodMs ?? nodeLimits.watchdogPeriodMs;
  }

  /** How late the last tick was: the stall of our own loop, ms. */
  get lagMs(): number {
    return this.#lagMs;
  }

  start(): void {
    this.#lastTickMs = this.#deps.clock.nowMs();
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#deps.clock.after(this.#periodMs, () => {
      this.#tick();
      this.#schedule();
    });
  }

  #tick(): void {
    const nowMs = this.#deps.clock.nowMs();
    const passedMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    this.#lagMs = Math.max(0, passedMs - this.#periodMs);
    if (this.#lagMs > this.#periodMs) this.#deps.log.warn({ lagMs: this.#lagMs }, "the agent's own loop was stalled");
    const seen = new Set<string>();
    for (const watched of this.#deps.watched()) {
      seen.add(watched.key);
      if (watched.timeoutMs > 0) this.#check(watched, Math.min(passedMs, this.#periodMs));
    }
    for (const key of this.#silences.keys()) if (!seen.has(key)) this.#silences.delete(key);
  }

  #check(watched: Watched, heardMs: number): void {
    let silence = this.#silences.get(watched.key);
    if (silence === undefined) {
      silence = { silentMs: 0, missed: 0, open: 0 };
      this.#silences.set(watched.key, silence);
    }
    if (silence.open > 0) {
      silence.silentMs += heardMs;
      silence.missed += 1;
    }
    if (silence.silentMs >= watched.timeoutMs && silence.missed >= nodeLimits.watchdogMissesMin) {
      this.#silences.delete(watched.key);
      watched.onUnresponsive(silence.silentMs);
      return;
    }
    if (silence.open < nodeLimits.watchdogPingsMax) void this.#ping(watched, silence);
  }

  async #ping(watched: Watched, silence: Silence): Promise<void> {
    silence.open += 1;
    try {
      await watched.ping();
      // Any answer, also to an old ping, says that the loop turns; what is still open will be answered.
      silence.silentMs = 0;
      silence.missed = 0;
    } catch {
      // A link that broke is the business of whoever holds it; silence goes on counting.
    } finally {
      silence.open -= 1;
    }
  }
}
