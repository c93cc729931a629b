import { LoadConnection, type LoadTask } from "./load-connection.ts";
import { LoadCounters, type LoadSnapshot } from "./load-counters.ts";
import { type LoadRequest, type PreparedRequest, prepareMix } from "./load-request.ts";

/** Options of `createLoad`. */
export interface LoadOptions {
  /** `http://host:port`; the path is the requests'. */
  readonly url: string;
  readonly connections: number;
  readonly requests: readonly LoadRequest[];
  /** Upper bound of the whole load; default none: each connection sends as soon as it has its answer. */
  readonly ratePerSecond?: number;
  /** Without an answer for this long a request is given up; default 30 s. */
  readonly timeoutMs?: number;
}

/** A running or stopped load. */
export interface Load {
  start(): void;
  /** Forgets what was counted so far: for the end of a warm-up. */
  reset(): void;
  snapshot(): LoadSnapshot;
  /** Sends no more, waits up to `waitMs` (default 2 s) for open answers, closes, and returns the last snapshot. */
  stop(waitMs?: number): Promise<LoadSnapshot>;
}

/** Makes a load: closed-loop connections that never repeat a request by themselves and reconnect after a cut. */
export const createLoad = (options: LoadOptions): Load => new ClosedLoopLoad(options);

const timeoutCheckMs = 250;
const paceMs = 1;

class ClosedLoopLoad implements Load, LoadTask {
  readonly host: string;
  readonly port: number;
  readonly counters = new LoadCounters();
  running = false;
  readonly #options: LoadOptions;
  readonly #mix: readonly PreparedRequest[];
  readonly #connections: readonly LoadConnection[];
  #mixAt = 0;
  /** Paced loads: connections that wait for their turn, and how many requests may go now. */
  #idle: LoadConnection[] = [];
  #credit = 0;
  #pacedMs = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: LoadOptions) {
    const url = new URL(options.url);
    this.host = url.hostname.replace(/^\[|\]$/g, "");
    this.port = Number(url.port === "" ? 80 : url.port);
    this.#options = options;
    this.#mix = prepareMix(url.host, options.requests);
    this.#connections = Array.from({ length: options.connections }, () => new LoadConnection(this));
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.counters.reset(performance.now());
    this.#pacedMs = performance.now();
    this.#timers = [setInterval(() => this.#checkTimeouts(), timeoutCheckMs)];
    if (this.#options.ratePerSecond !== undefined) this.#timers.push(setInterval(() => this.#pace(), paceMs));
    for (const connection of this.#connections) connection.open();
  }

  reset(): void {
    this.counters.reset(performance.now());
  }

  snapshot(): LoadSnapshot {
    return this.counters.snapshot(performance.now());
  }

  async stop(waitMs = 2_000): Promise<LoadSnapshot> {
    this.running = false;
    const deadlineMs = performance.now() + waitMs;
    while (performance.now() < deadlineMs && this.#connections.some((connection) => connection.busy)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const timer of this.#timers) clearInterval(timer);
    const last = this.snapshot();
    for (const connection of this.#connections) connection.close();
    return last;
  }

  nextRequest(connection: LoadConnection): PreparedRequest | undefined {
    if (this.#options.ratePerSecond !== undefined) {
      if (this.#credit < 1) {
        this.#idle.push(connection);
        return undefined;
      }
      this.#credit -= 1;
    }
    const request = this.#mix[this.#mixAt];
    this.#mixAt = (this.#mixAt + 1) % this.#mix.length;
    return request;
  }

  #pace(): void {
    const nowMs = performance.now();
    const rate = this.#options.ratePerSecond ?? 0;
    // No more than the connections can use at once: a pause is not followed by a burst.
    this.#credit = Math.min(this.#options.connections, this.#credit + ((nowMs - this.#pacedMs) * rate) / 1000);
    this.#pacedMs = nowMs;
    while (this.#credit >= 1 && this.#idle.length > 0) {
      const connection = this.#idle.shift();
      const request = connection === undefined ? undefined : this.nextRequest(connection);
      // A connection that broke meanwhile has asked anew, or will.
      if (request !== undefined && connection?.send(request) === false) this.#credit += 1;
    }
  }

  #checkTimeouts(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.checkTimeout(nowMs, this.#options.timeoutMs ?? 30_000);
  }
}
