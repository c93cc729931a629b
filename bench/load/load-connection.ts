import { connect, type Socket } from "node:net";
import type { LoadCounters } from "./load-counters.ts";
import type { PreparedRequest } from "./load-request.ts";
import { ResponseScanner } from "./response-scanner.ts";

/** After a failed attempt to connect: a server that is away is asked again, but not in a hot loop. */
const reconnectDelayMs = 20;
/** Room for a read; a longer response comes in several. */
const readBytes = 64 * 1024;

/** What a connection of a load works for. */
export interface LoadTask {
  readonly host: string;
  readonly port: number;
  readonly counters: LoadCounters;
  readonly running: boolean;
  /** The next request, or undefined: wait until `LoadConnection.send` is called. */
  nextRequest(connection: LoadConnection): PreparedRequest | undefined;
}

/** One keep-alive connection in a closed loop: a request, its answer, the next. It never repeats a request. */
export class LoadConnection {
  readonly #task: LoadTask;
  readonly #scanner = new ResponseScanner();
  readonly #buffer = Buffer.allocUnsafe(readBytes);
  #socket: Socket | undefined;
  #connected = false;
  #request: PreparedRequest | undefined;
  #sentMs = 0;

  constructor(task: LoadTask) {
    this.#task = task;
  }

  /** A request has been sent and not been answered. */
  get busy(): boolean {
    return this.#request !== undefined;
  }

  open(): void {
    if (!this.#task.running || this.#socket !== undefined) return;
    const socket = connect({
      host: this.#task.host,
      port: this.#task.port,
      noDelay: true,
      onread: {
        buffer: this.#buffer,
        callback: (bytes) => {
          if (socket === this.#socket) this.#onBytes(this.#buffer.subarray(0, bytes));
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.once("connect", () => {
      this.#connected = true;
      this.#task.counters.connected += 1;
      this.#next();
    });
    // What matters of it follows in "close".
    socket.on("error", () => {});
    socket.once("close", () => this.#onClose(socket));
  }

  /** Sends one request now, where the connection is idle and open. False: it is not. */
  send(request: PreparedRequest): boolean {
    if (!this.#connected || this.#request !== undefined || this.#socket === undefined) return false;
    this.#request = request;
    this.#scanner.expect(request.classify !== undefined, request.expect !== undefined, request.bodyless);
    this.#task.counters.sent(request.name);
    this.#sentMs = performance.now();
    this.#socket.write(request.bytes);
    return true;
  }

  /** Gives a request up that has waited too long. */
  checkTimeout(nowMs: number, timeoutMs: number): void {
    if (this.#request === undefined || nowMs - this.#sentMs < timeoutMs) return;
    this.#task.counters.timedOut(this.#request.name);
    this.#request = undefined;
    this.#socket?.destroy();
  }

  /** Closes; a request under way is forgotten. */
  close(): void {
    this.#request = undefined;
    this.#socket?.destroy();
  }

  #next(): void {
    if (!this.#task.running) return;
    const request = this.#task.nextRequest(this);
    if (request !== undefined) this.send(request);
  }

  #onBytes(chunk: Buffer): void {
    if (this.#request !== undefined && this.#scanner.feed(chunk)) this.#answered();
  }

  #answered(): void {
    const request = this.#request;
    if (request === undefined) return;
    const { status, head, body, close } = this.#scanner;
    this.#request = undefined;
    this.#task.counters.answered(
      request.name,
      status,
      request.expect?.(status, body) ?? true,
      this.#sentMs,
      performance.now(),
    );
    const kind = request.classify?.(status, head);
    if (kind !== undefined) this.#task.counters.classified(request.name, kind);
    if (close) this.#drop();
    else this.#next();
  }

  /** The server said that it closes: go on with a new connection at once. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#connected = false;
    socket?.destroy();
    this.open();
  }

  #onClose(socket: Socket): void {
    if (socket !== this.#socket) return;
    const wasConnected = this.#connected;
    this.#socket = undefined;
    this.#connected = false;
    if (!wasConnected && this.#task.running) this.#task.counters.refused += 1;
    if (this.#request !== undefined) {
      if (this.#scanner.ended()) this.#answered();
      else this.#task.counters.cut(this.#request.name);
      this.#request = undefined;
    }
    if (wasConnected) this.open();
    else setTimeout(() => this.open(), reconnectDelayMs);
  }
}
