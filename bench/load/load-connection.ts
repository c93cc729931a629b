import { connect, type Socket } from "node:net";
import type { LoadObserver } from "./load-observer.ts";
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
  readonly observer: LoadObserver;
  readonly running: boolean;
  /** The next request, or undefined: wait until `LoadConnection.send` is called. */
  nextRequest(connection: LoadConnection): PreparedRequest | undefined;
}

/** One keep-alive connection: a request, its answer, the next. It never repeats a request. */
export class LoadConnection {
  readonly #task: LoadTask;
  readonly #scanner = new ResponseScanner();
  readonly #buffer = Buffer.allocUnsafe(readBytes);
  #socket: Socket | undefined;
  #connected = false;
  #request: PreparedRequest | undefined;
  #body = "";
  /** When it was sent, or when it should have been. */
  #dueMs = 0;
  /** Marks the process at the other end, from the last answer's head; empty before the first. */
  #peer = "";

  constructor(task: LoadTask) {
    this.#task = task;
  }

  /** The connection is open. */
  get connected(): boolean {
    return this.#connected;
  }

  /** When the open request was due; undefined without one. */
  get openSinceMs(): number | undefined {
    return this.#request === undefined ? undefined : this.#dueMs;
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
      this.#peer = "";
      this.#task.observer.connected();
      this.#next();
    });
    // What matters of it follows in "close".
    socket.on("error", () => {});
    socket.once("close", () => this.#onClose(socket));
  }

  /** Sends one request now, where the connection is idle and open; its time counts from `dueMs`. False: it is not. */
  send(request: PreparedRequest, dueMs = performance.now()): boolean {
    if (!this.#connected || this.#request !== undefined || this.#socket === undefined) return false;
    const { bytes, body } = request.create();
    this.#request = request;
    this.#body = body;
    this.#dueMs = dueMs;
    this.#scanner.expect(request.classify !== undefined, request.expect !== undefined, request.bodyless);
    this.#task.observer.sent(request);
    this.#socket.write(bytes);
    return true;
  }

  /** Gives a request up that has waited too long. */
  checkTimeout(nowMs: number, timeoutMs: number): void {
    const request = this.#request;
    if (request === undefined || nowMs - this.#dueMs < timeoutMs) return;
    this.#request = undefined;
    this.#task.observer.timedOut(request, this.#unanswered(nowMs));
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
    const right = request.expect?.(status, body, this.#body) ?? true;
    const kind = request.classify?.(status, head);
    const facts = { status, head, body, right, kind, dueMs: this.#dueMs, nowMs: performance.now() };
    this.#peer = this.#task.observer.answered(request, facts) ?? this.#peer;
    if (close) this.#drop();
    else this.#next();
  }

  #unanswered(nowMs: number): { body: string; peer: string; begun: boolean; dueMs: number; nowMs: number } {
    return { body: this.#body, peer: this.#peer, begun: this.#scanner.begun, dueMs: this.#dueMs, nowMs };
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
    if (!wasConnected && this.#task.running) this.#task.observer.refused();
    const request = this.#request;
    if (request !== undefined) {
      if (this.#scanner.ended()) this.#answered();
      else {
        this.#request = undefined;
        this.#task.observer.cut(request, this.#unanswered(performance.now()));
      }
    }
    if (wasConnected) this.open();
    else setTimeout(() => this.open(), reconnectDelayMs);
  }
}
