import { LoadConnection, type LoadTask } from "./load-connection.ts";
import type { LoadObserver } from "./load-observer.ts";
import { type LoadRequest, type PreparedRequest, prepareMix } from "./load-request.ts";

/** What a loop of requests needs. */
export interface LoopOptions {
  /** `http://host:port`; the path is the requests'. */
  readonly url: string;
  readonly connections: number;
  readonly requests: readonly LoadRequest[];
  /** Upper bound of the whole load; default none: each connection sends as soon as it has its answer. */
  readonly ratePerSecond?: number;
  /** Without an answer for this long a request is given up; default 30 s. */
  readonly timeoutMs?: number;
}

const timeoutCheckMs = 250;
const paceMs = 1;

/** So many connections, each with a request, its answer, the next: a slow server gets fewer requests. */
export class ClosedLoop implements LoadTask {
  readonly host: string;
  readonly port: number;
  readonly observer: LoadObserver;
  running = false;
  readonly #options: LoopOptions;
  readonly #mix: readonly PreparedRequest[];
  readonly #connections: readonly LoadConnection[];
  #mixAt = 0;
  /** Paced loads: connections that wait for their turn, and how many requests may go now. */
  #idle: LoadConnection[] = [];
  #credit = 0;
  #pacedMs = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: LoopOptions, observer: LoadObserver) {
    this.observer = observer;
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
    this.#pacedMs = performance.now();
    this.#timers = [setInterval(() => this.#checkTimeouts(), timeoutCheckMs)];
    if (this.#options.ratePerSecond !== undefined) this.#timers.push(setInterval(() => this.#pace(), paceMs));
    for (const connection of this.#connections) connection.open();
  }

  /** When the oldest open request was due; undefined without one. */
  get openSinceMs(): number | undefined {
    return oldest(this.#connections);
  }

  /** Sends no more, and waits up to `waitMs` for open answers. */
  async settle(waitMs: number): Promise<void> {
    this.running = false;
    const deadlineMs = performance.now() + waitMs;
    while (performance.now() < deadlineMs && this.openSinceMs !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Closes every connection. */
  close(): void {
    this.running = false;
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#connections) connection.close();
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

/** When the oldest open request of these connections was due. */
export const oldest = (connections: readonly LoadConnection[]): number | undefined => {
  let oldestMs: number | undefined;
  for (const { openSinceMs } of connections) {
    if (openSinceMs !== undefined && (oldestMs === undefined || openSinceMs < oldestMs)) oldestMs = openSinceMs;
  }
  return oldestMs;
};
