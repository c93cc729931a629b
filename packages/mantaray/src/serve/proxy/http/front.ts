import { createServer, type Server, type Socket } from "node:net";
import { MantaError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { type ReadSocket, readSockets } from "../../../rpc/wire/socket-reads.ts";
import { HttpConnection } from "./connection.ts";
import type { HttpDispatch } from "./exchange.ts";
import type { FrontContext, HttpFrontStats } from "./front-context.ts";
import { type DrainOptions, LameDuck } from "./lame-duck.ts";
import { type HttpFrontLimits, httpFrontLimits } from "./limits.ts";
import { loadParser } from "./llhttp.ts";
import type { ParserSource } from "./message-parser.ts";
import { textResponse } from "./response-head.ts";

/** Options of `createHttpFront`. */
export interface HttpFrontOptions {
  /** Called for each request. What it throws is answered with 500. */
  readonly dispatch: HttpDispatch;
  readonly log: Log;
  /** Defaults: `httpFrontLimits`. */
  readonly limits?: Partial<HttpFrontLimits>;
  /** Default: the first build of llhttp that passes its self-test. */
  readonly parsers?: ParserSource;
  /** Default: the fastest way this Node offers. */
  readonly readSocket?: ReadSocket;
}

/** Where a front listens: an address, or a listening socket it was given. */
export type HttpListenTarget =
  | { readonly host: string; readonly port: number }
  | { readonly fd: number }
  | { readonly socket: object };

/** An HTTP/1.1 server in front of a core. */
export interface HttpFront {
  /** Resolves when connections are accepted. Rejects as `net.Server.listen` does, e.g. with EADDRINUSE; may then be called again. */
  listen(target: HttpListenTarget): Promise<void>;
  /** Port listened on; 0 before. */
  readonly port: number;
  readonly stats: Readonly<HttpFrontStats>;
  readonly draining: boolean;
  /**
   * True: each response from now on closes its connection, and idle ones go after the lame-duck time;
   * connections are accepted and answered as ever. False takes it back, unless `drain` was called.
   */
  setLameDuck(on: boolean): void;
  /** How long a connection may idle between two requests; those that are open included. */
  setKeepAlive(timeoutMs: number): void;
  /**
   * Ends in order: lame duck first, while anybody is or may be coming; then nothing is accepted any more, and
   * connections go after their response or when they idle. Resolves when no connection is left, or after
   * `graceMs` with the rest cut; event streams end in order then. A second call waits for the first.
   */
  drain(options: DrainOptions): Promise<void>;
  /** Ends now; open exchanges hear `onClientGone`. */
  close(): Promise<void>;
}

/** Makes a front; it does nothing before `listen`. */
export const createHttpFront = (options: HttpFrontOptions): HttpFront => new NetFront(options);

/** The window of the parser: a head must fit into one. */
const headBytesCeiling = 64 * 1024;
/** TCP probes of silent connections: a client that vanished without a word is found while its request runs. */
const tcpKeepAliveDelayMs = 30_000;

class NetFront implements HttpFront {
  readonly #context: FrontContext;
  readonly #lameDuck: LameDuck;
  readonly #server: Server;
  readonly #connections = new Set<HttpConnection>();
  #sweeper: NodeJS.Timeout | undefined;
  #lastSweepMs = 0;
  #keepAliveMs: number;
  #closed: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  /** Called when something may have changed for a drain: no connection is left, or a sweep has passed. */
  #onProgress: (() => void) | undefined;

  constructor(options: HttpFrontOptions) {
    const limits = { ...httpFrontLimits, ...options.limits };
    if (limits.headBytesMax > headBytesCeiling) {
      throw new MantaError(
        "invalid_config",
        `headBytesMax must be at most ${headBytesCeiling}, got ${limits.headBytesMax}`,
      );
    }
    this.#context = {
      limits,
      parsers: options.parsers ?? loadParser(),
      readSocket: options.readSocket ?? readSockets(),
      dispatch: options.dispatch,
      log: options.log,
      stats: { connections: 0, requests: 0, openExchanges: 0, refused: {}, turnedAway: 0, cut: 0, errors: 0 },
      nowMs: 0,
      date: new Date().toUTCString(),
      draining: false,
      tunnelsLeave: false,
      idleMs: limits.keepAliveTimeoutMs,
    };
    this.#lameDuck = new LameDuck(this.#context);
    this.#keepAliveMs = limits.keepAliveTimeoutMs;
    this.#server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: tcpKeepAliveDelayMs,
      highWaterMark: limits.writeBufferBytesMax,
    });
    this.#server.on("connection", (socket) => this.#onConnection(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get stats(): Readonly<HttpFrontStats> {
    return this.#context.stats;
  }

  get draining(): boolean {
    return this.#context.draining;
  }

  listen(target: HttpListenTarget): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = this.#server;
      const onError = (error: Error): void => {
        server.removeListener("listening", onListening);
        reject(error);
      };
      const onListening = (): void => {
        server.removeListener("error", onError);
        server.on("error", (error) => this.#context.log.error({ err: error }, "accepting connections failed"));
        this.#lastSweepMs = performance.now();
        // After the reads: a process that had to wait for a core must not take what it has not read for silence.
        const sweep = (): void => void setImmediate(() => this.#sweep());
        this.#sweeper = setInterval(sweep, this.#context.limits.sweepPeriodMs).unref();
        resolve();
      };
      server.once("error", onError);
      server.once("listening", onListening);
      server.listen("socket" in target ? target.socket : target);
    });
  }

  setLameDuck(on: boolean): void {
    if (on) this.#lameDuck.begin(performance.now());
    else if (this.#drained === undefined) this.#lameDuck.takeBack(this.#keepAliveMs);
  }

  setKeepAlive(timeoutMs: number): void {
    if (this.#context.idleMs === this.#keepAliveMs) this.#context.idleMs = timeoutMs;
    this.#keepAliveMs = timeoutMs;
  }

  drain(options: DrainOptions): Promise<void> {
    this.#drained ??= this.#drain(options);
    return this.#drained;
  }

  async #drain({ graceMs, handedOver, beforeStopListening }: DrainOptions): Promise<void> {
    const lameDuck = this.#lameDuck;
    const startMs = performance.now();
    const endMs = startMs + graceMs;
    lameDuck.begin(startMs);
    if (handedOver !== true) {
      const acceptEndMs = Math.min(lameDuck.endMs(startMs), startMs + graceMs / 2);
      await this.#progress(acceptEndMs, () => lameDuck.quiet(performance.now()));
    }
    await beforeStopListening?.().catch((error: unknown) => {
      this.#context.log.warn({ err: error }, "the end of listening was not announced");
    });
    // Connections that the kernel has taken for us are accepted first: with the socket they would be reset.
    await afterReads();
    void this.#stopListening();
    lameDuck.closeIdle();
    const empty = (): boolean => this.#connections.size === 0;
    await this.#progress(endMs, empty);
    let told = 0;
    for (const connection of this.#connections) if (connection.endInOrder()) told += 1;
    if (told > 0) await this.#progress(endMs + this.#context.limits.lastWordMs, empty);
    await this.close();
  }

  /** Resolves when `done` says so, or at `endMs`. */
  #progress(endMs: number, done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#onProgress = undefined;
        resolve();
      };
      const timer = setTimeout(finish, Math.max(0, endMs - performance.now()));
      this.#onProgress = () => {
        if (done()) finish();
      };
    });
  }

  async close(): Promise<void> {
    const closed = this.#stopListening();
    for (const connection of this.#connections) connection.cut();
    await closed;
    clearInterval(this.#sweeper);
  }

  /** Resolves when the last connection is gone, too. */
  #stopListening(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
    return this.#closed;
  }

  #onConnection(socket: Socket): void {
    const { stats, limits, date } = this.#context;
    this.#lameDuck.lastAcceptMs = this.#lastSweepMs;
    if (this.#connections.size >= limits.connectionsMax) {
      stats.turnedAway += 1;
      const fields = { "retry-after": "1" };
      socket.on("error", () => socket.destroy());
      socket.write(
        textResponse(503, "too many connections\n", {
          fields,
          date,
          connection: "connection: close\r\n",
          bodyless: false,
        }),
      );
      socket.destroySoon();
      return;
    }
    this.#connections.add(new HttpConnection(this.#context, socket, this.#onClosed));
    stats.connections = this.#connections.size;
  }

  readonly #onClosed = (connection: HttpConnection): void => {
    this.#connections.delete(connection);
    this.#context.stats.connections = this.#connections.size;
    this.#onProgress?.();
  };

  #sweep(): void {
    const context = this.#context;
    const periodMs = context.limits.sweepPeriodMs;
    const nowMs = performance.now();
    // Time in which this process could not run, and so could not read, is nobody's fault.
    context.nowMs += Math.round(Math.min(nowMs - this.#lastSweepMs, 2 * periodMs));
    this.#lastSweepMs = nowMs;
    context.date = new Date().toUTCString();
    this.#lameDuck.sweep(nowMs);
    for (const connection of this.#connections) connection.sweep();
    this.#onProgress?.();
  }
}

/** Resolves when this turn of the event loop has read and accepted what there is. */
const afterReads = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
