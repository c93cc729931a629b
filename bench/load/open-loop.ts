import { oldest } from "./closed-loop.ts";
import { LoadConnection, type LoadTask } from "./load-connection.ts";
import type { LoadObserver } from "./load-observer.ts";
import { type LoadRequest, type PreparedRequest, prepareMix } from "./load-request.ts";

/** What an open loop needs. */
export interface OpenLoopOptions {
  readonly url: string;
  /** On average; the times between two requests are exponential, as those of many independent clients. */
  readonly ratePerSecond: number;
  /** More are not opened: beyond that requests wait, and their waiting counts. */
  readonly connectionsMax: number;
  readonly requests: readonly LoadRequest[];
  readonly timeoutMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

interface Due {
  readonly request: PreparedRequest;
  readonly dueMs: number;
}

const tickMs = 2;
const timeoutCheckMs = 250;

/** Requests that come when they come, whether or not the server answers; time counts from when one was due. */
export class OpenLoop implements LoadTask {
  readonly host: string;
  readonly port: number;
  readonly observer: LoadObserver;
  running = false;
  readonly #options: OpenLoopOptions;
  readonly #mix: readonly PreparedRequest[];
  readonly #connections: LoadConnection[] = [];
  #idle: LoadConnection[] = [];
  #waiting: Due[] = [];
  #mixAt = 0;
  #nextDueMs = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: OpenLoopOptions, observer: LoadObserver) {
    const url = new URL(options.url);
    this.host = url.hostname.replace(/^\[|\]$/g, "");
    this.port = Number(url.port === "" ? 80 : url.port);
    this.observer = observer;
    this.#options = options;
    this.#mix = prepareMix(url.host, options.requests);
  }

  start(): void {
    this.running = true;
    this.#nextDueMs = performance.now();
    this.#timers = [setInterval(() => this.#tick(), tickMs), setInterval(() => this.#checkTimeouts(), timeoutCheckMs)];
  }

  /** No more become due; those that wait are still sent. */
  pause(): void {
    clearInterval(this.#timers[0]);
  }

  get openSinceMs(): number | undefined {
    return oldest(this.#connections) ?? this.#waiting[0]?.dueMs;
  }

  close(): void {
    this.running = false;
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#connections) connection.close();
  }

  /** A connection is free. */
  nextRequest(connection: LoadConnection): PreparedRequest | undefined {
    const due = this.#waiting.shift();
    if (due === undefined) {
      if (!this.#idle.includes(connection)) this.#idle.push(connection);
      return undefined;
    }
    if (!connection.send(due.request, due.dueMs)) this.#waiting.unshift(due);
    return undefined;
  }

  #tick(): void {
    const nowMs = performance.now();
    while (this.#nextDueMs <= nowMs) {
      const request = this.#mix[this.#mixAt];
      this.#mixAt = (this.#mixAt + 1) % this.#mix.length;
      if (request !== undefined) this.#send({ request, dueMs: this.#nextDueMs });
      this.#nextDueMs += (-Math.log(1 - this.#options.random()) * 1000) / this.#options.ratePerSecond;
    }
  }

  #send(due: Due): void {
    // The one used last first: a connection that rests is one that a server may close.
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.send(due.request, due.dueMs)) return;
    }
    this.#waiting.push(due);
    const opening = this.#connections.filter((connection) => !connection.connected).length;
    if (opening >= this.#waiting.length || this.#connections.length >= this.#options.connectionsMax) return;
    const connection = new LoadConnection(this);
    this.#connections.push(connection);
    connection.open();
  }

  #checkTimeouts(): void {
    const nowMs = performance.now();
    const { timeoutMs } = this.#options;
    for (const connection of this.#connections) connection.checkTimeout(nowMs, timeoutMs);
    const late = this.#waiting.filter(({ dueMs }) => nowMs - dueMs >= timeoutMs);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.slice(late.length);
    for (const { request, dueMs } of late) {
      this.observer.sent(request);
      this.observer.timedOut(request, { body: "", peer: "", begun: false, dueMs, nowMs });
    }
  }
}
