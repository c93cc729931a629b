import type { Socket } from "node:net";
import { ConnectionTimer } from "./connection-timer.ts";
import type { FrontContext } from "./front-context.ts";
import { Intake } from "./intake.ts";
import type { MessageParser } from "./message-parser.ts";
import { Output } from "./output.ts";
import { type ExchangeChannel, RequestExchange, type ResponseFlags } from "./request-exchange.ts";
import type { Refusal, RequestHead } from "./request-head.ts";
import { RequestReader, type RequestSink } from "./request-reader.ts";
import { statusOf, textResponse } from "./response-head.ts";
import { connectionField, ResponseWriter } from "./response-writer.ts";
import { WebSocketTunnel } from "./web-socket-tunnel.ts";

/**
 * - open: requests and responses
 * - tunnel: another protocol, after 101
 * - linger: the last response is on its way; what the client still sends is dropped until it closes
 */
type Mode = "open" | "tunnel" | "linger" | "closed";

/**
 * One client connection. Invariants:
 * C1 one exchange at a time: a request is begun when the response before it is complete.
 * C2 bytes that cannot be used yet are held in order of arrival, at most `readAheadBytesMax` and one read.
 * C3 after a refusal nothing more is parsed, and the connection ends.
 * C4 an exchange ends in exactly one of: its response complete, `onClientGone`, `destroy` by the core.
 */
export class HttpConnection implements ExchangeChannel, RequestSink {
  readonly #context: FrontContext;
  readonly #socket: Socket;
  readonly #parser: MessageParser;
  readonly #reader: RequestReader;
  readonly #output: Output;
  readonly #writer: ResponseWriter;
  readonly #intake: Intake;
  #mode: Mode = "open";
  #exchange: RequestExchange | undefined;
  /** The client wants the connection to persist after the request under way. */
  #keepAlive = true;
  /** The connection ends with the response under way. */
  #closing = false;
  /** The request under way has its whole response; at most the rest of its body is to come. */
  #answered = false;
  /** Calls into this connection that are on the stack: output leaves when the outermost returns. */
  #depth = 0;
  #pumpQueued = false;
  #tunnel: WebSocketTunnel | undefined;
  readonly #timer: ConnectionTimer;
  #remoteAddress: string | undefined;

  constructor(context: FrontContext, socket: Socket, onClosed: (connection: HttpConnection) => void) {
    this.#context = context;
    this.#socket = socket;
    this.#parser = context.parsers.create();
    this.#reader = new RequestReader(context.limits, this.#parser, this);
    this.#intake = new Intake(socket, context.limits);
    this.#output = new Output(socket, () => this.#owedWritable());
    this.#writer = new ResponseWriter(this.#output);
    this.#timer = new ConnectionTimer(context.limits, context.nowMs);
    socket.on("end", () => this.#onClientEnd());
    socket.on("drain", () => this.#onDrain());
    // What matters of it follows in "close".
    socket.on("error", (error) => context.log.debug({ err: error }, "a client's connection failed"));
    socket.on("close", () => {
      if (this.#mode === "tunnel" && socket.readableEnded && socket.writableFinished) this.#dropExchange();
      this.#mode = "closed";
      this.#clientGone();
      this.#parser.free();
      onClosed(this);
    });
    context.readSocket(socket, (bytes) => this.#onBytes(bytes));
  }

  get remoteAddress(): string {
    this.#remoteAddress ??= this.#socket.remoteAddress ?? "";
    return this.#remoteAddress;
  }

  /** Ends the connection now; an open exchange hears `onClientGone`. */
  cut(): void {
    this.#context.stats.cut += 1;
    this.#mode = "closed";
    this.#clientGone();
    this.#socket.destroy();
  }

  /** Enforces the times. Called by the front once a sweep. */
  sweep(): void {
    const { limits, nowMs, idleMs } = this.#context;
    if (this.#mode === "closed") return;
    if (this.#output.stalledMs(nowMs) > limits.writeIdleTimeoutMs) {
      this.cut();
    } else if (this.#mode === "linger") {
      if (this.#timer.checkLinger(this.#socket.writableFinished, nowMs) === "cut") this.#socket.destroy();
    } else if (this.#mode === "tunnel") {
      if (this.#context.tunnelsLeave) this.#tunnel?.leave();
    } else if (this.#mode === "open") {
      const overdue = this.#timer.checkRequest(this.#reader, this.#canRead(), idleMs, nowMs);
      if (overdue === "no") return;
      this.#enter();
      if (typeof overdue === "object") this.onRefused(overdue);
      else this.#linger();
      this.#leave();
    }
  }

  /**
   * The time of a drain is over. A request without an answer gets 503; an event stream ends, for its client comes
   * back by itself and drops half an event (HTML, 9.2). True: this is on its way to the client.
   */
  endInOrder(): boolean {
    const exchange = this.#exchange;
    if (this.#mode !== "open" || exchange === undefined) return this.#mode === "linger";
    if (exchange.responded && !this.#writer.eventStream) return false;
    this.#enter();
    this.#tellGone(exchange);
    if (exchange.responded) this.end(exchange);
    else this.respondText(exchange, 503, "This node is leaving.", leavingFields);
    this.#linger();
    this.#leave();
    return true;
  }

  // What the reader says.

  onRequest(head: RequestHead, rawHead: Buffer, bodyStart: Buffer, ended: boolean): void {
    const { stats, dispatch } = this.#context;
    this.#keepAlive = this.#reader.keepAlive;
    const upgrade = this.#reader.upgrade && ended && bodyStart.length === 0;
    const exchange = new RequestExchange(this, head, rawHead, bodyStart, ended, upgrade);
    this.#exchange = exchange;
    stats.requests += 1;
    stats.openExchanges += 1;
    try {
      dispatch(exchange);
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  onBodyData(data: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    try {
      exchange.handler?.onBody(data);
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  onBodyEnd(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      // Nobody wanted the rest of it: the next request may come.
      if (this.#mode === "open") this.#nextRequest();
      return;
    }
    this.#tell(exchange, "onBodyEnd");
  }

  onRefused(refusal: Refusal): void {
    const { stats, date } = this.#context;
    const responded = this.#exchange?.responded === true;
    this.#clientGone();
    if (responded) {
      this.cut();
      return;
    }
    // Of an answered request only the rest of the body can be refused, and one answer is enough.
    if (!this.#answered) {
      stats.refused[refusal.status] = (stats.refused[refusal.status] ?? 0) + 1;
      const options = { date, connection: "connection: close\r\n", bodyless: false };
      this.#output.push(textResponse(refusal.status, `${refusal.reason}\n`, options));
    }
    this.#linger();
  }

  // What the exchange asks for.

  readBody(exchange: RequestExchange): void {
    if (exchange !== this.#exchange || exchange.reading) return;
    exchange.reading = true;
    if (exchange.awaitsContinue && this.#intake.held.length === 0 && !exchange.responded) {
      exchange.awaitsContinue = false;
      this.#enter();
      this.#output.push(continueResponse);
      this.#leave();
    }
    this.#pumpSoon();
  }

  pauseBody(exchange: RequestExchange): void {
    if (exchange !== this.#exchange) return;
    exchange.paused = true;
    this.#updateFlow();
  }

  resumeBody(exchange: RequestExchange): void {
    if (exchange !== this.#exchange || !exchange.paused) return;
    exchange.paused = false;
    this.#pumpSoon();
  }

  respondRaw(exchange: RequestExchange, head: Uint8Array, body: Uint8Array | null, flags: ResponseFlags): void {
    if (exchange !== this.#exchange || exchange.responded) return;
    this.#enter();
    const status = statusOf(head);
    const persists = this.#mayPersist(exchange);
    if (status < 200 && status !== 101) {
      if (exchange.httpMinor === 1) this.#output.push(Buffer.from(head));
    } else if (!this.#writer.start(exchange, head, body, flags, persists)) {
      this.#failed(exchange, new Error("the response's body does not have the length its head declares"));
    } else {
      exchange.responded = true;
      if (!persists || this.#writer.untilClose) this.#closing = true;
      if (status === 101) this.#beginTunnel(exchange, body);
      else if (flags.end) this.#finish(exchange);
    }
    this.#leave();
  }

  /** What the client has sent already is the tunnel's. */
  #beginTunnel(exchange: RequestExchange, body: Uint8Array | null): void {
    this.#mode = "tunnel";
    this.#tunnel = WebSocketTunnel.of(exchange, this.#output);
    if (body !== null) this.#tunnel?.sent(body);
    this.#pumpSoon();
  }

  respondText(
    exchange: RequestExchange,
    status: number,
    body: string,
    fields?: Readonly<Record<string, string>>,
  ): void {
    if (exchange !== this.#exchange || exchange.responded) return;
    this.#enter();
    const persists = this.#mayPersist(exchange);
    const options = {
      ...(fields === undefined ? {} : { fields }),
      date: this.#context.date,
      connection: connectionField(exchange, persists),
      bodyless: exchange.method === "HEAD",
    };
    this.#output.push(textResponse(status, body, options));
    exchange.responded = true;
    if (!persists) this.#closing = true;
    this.#endExchange();
    this.#leave();
  }

  write(exchange: RequestExchange, chunk: Uint8Array): boolean {
    if (exchange !== this.#exchange || !exchange.responded) return true;
    if (this.#tunnel?.told === true) return true;
    if (!this.#writer.write(chunk)) {
      this.#failed(exchange, new Error("the response's body is longer than its head declares"));
      return true;
    }
    this.#tunnel?.sent(chunk);
    this.#output.flushSoon();
    exchange.owesWritable = this.#output.full;
    return !exchange.owesWritable;
  }

  end(exchange: RequestExchange): void {
    if (exchange !== this.#exchange || !exchange.responded) return;
    this.#enter();
    if (this.#mode === "tunnel") {
      this.#output.flush();
      this.#socket.end();
    } else {
      this.#finish(exchange);
    }
    this.#leave();
  }

  destroy(exchange: RequestExchange): void {
    if (exchange !== this.#exchange) return;
    this.#dropExchange();
    this.#abort();
  }

  // What the socket says.

  /** `bytes` is reused after the call. */
  #onBytes(bytes: Buffer): void {
    this.#timer.lastReadMs = this.#context.nowMs;
    if (this.#intake.held.length > 0) {
      this.#intake.held.push(Buffer.from(bytes));
      this.#updateFlow();
      return;
    }
    this.#enter();
    // Heads are copied where they are read. A body goes on to the core, which may keep it.
    if (this.#reader.state === "head" || this.#mode === "linger") this.#consume(bytes, true);
    else this.#consume(Buffer.from(bytes), false);
    this.#leave();
    if (this.#intake.held.length > 0 || this.#exchange !== undefined || this.#mode === "linger") this.#updateFlow();
  }

  #onClientEnd(): void {
    const exchange = this.#exchange;
    if (this.#mode === "tunnel" && exchange !== undefined) this.#tell(exchange, "onBodyEnd");
    else if (this.#mode === "linger") {
      // Both sides have ended: the socket closes when its output has left.
    } else if (exchange !== undefined || !this.#reader.idle) {
      // A client that stops sending while it is owed something has gone: there is no telling it from one that closed.
      this.#clientGone();
      this.#socket.destroy();
    } else {
      this.#socket.end();
    }
  }

  #onDrain(): void {
    this.#owedWritable();
    if (this.#intake.held.length > 0) this.#pump();
  }

  // Reading.

  /** Whether the next byte can be used now. */
  #canRead(): boolean {
    const exchange = this.#exchange;
    if (this.#mode === "linger" || this.#mode === "closed") return true;
    if (this.#mode === "open" && exchange === undefined) return this.#reader.state !== "head" || !this.#output.full;
    if (this.#mode === "open" && this.#reader.state === "complete") return false;
    return exchange === undefined || (exchange.reading && !exchange.paused);
  }

  #consume(chunk: Buffer, reused: boolean): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#canRead()) {
        const rest = chunk.subarray(at);
        this.#intake.held.push(reused ? Buffer.from(rest) : rest);
        return;
      }
      if (this.#mode === "open") {
        if (this.#reader.idle) this.#timer.sinceMs = this.#context.nowMs;
        at = this.#reader.read(chunk, at);
      } else {
        if (this.#mode === "tunnel") this.onBodyData(chunk.subarray(at));
        else this.#intake.discardedBytes += chunk.length - at;
        at = chunk.length;
      }
    }
  }

  #pump(): void {
    this.#enter();
    while (this.#intake.held.length > 0 && this.#canRead()) this.#consume(this.#intake.held.take(), false);
    this.#leave();
    this.#updateFlow();
  }

  /** Not at once: the core is in the middle of a call to us, and does not expect one from us. */
  #pumpSoon(): void {
    if (this.#intake.held.length === 0) {
      this.#updateFlow();
      return;
    }
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    process.nextTick(() => {
      this.#pumpQueued = false;
      this.#pump();
    });
  }

  #updateFlow(): void {
    this.#intake.updateFlow(this.#mode === "linger", this.#exchange?.paused === true);
  }

  // Ends.

  /** The connection can go on after the response of this exchange. */
  #mayPersist(exchange: RequestExchange): boolean {
    if (!this.#keepAlive || this.#context.draining) return false;
    const { state, body } = this.#reader;
    if (state === "chunked") return false;
    return state !== "fixed" || (!exchange.awaitsContinue && body.leftBytes <= this.#context.limits.discardBytesMax);
  }

  /** The core has given the whole body. */
  #finish(exchange: RequestExchange): void {
    if (this.#writer.finish()) this.#endExchange();
    else this.#failed(exchange, new Error("the response's body is shorter than its head declares"));
  }

  /** The response is complete. */
  #endExchange(): void {
    const paused = this.#dropExchange()?.paused === true;
    this.#answered = true;
    if (this.#closing) this.#linger();
    else if (this.#reader.state === "complete") this.#nextRequest();
    if (paused) this.#updateFlow();
  }

  #nextRequest(): void {
    this.#reader.next();
    this.#answered = false;
    this.#timer.sinceMs = this.#context.nowMs;
  }

  #dropExchange(): RequestExchange | undefined {
    const exchange = this.#exchange;
    if (exchange === undefined) return undefined;
    this.#exchange = undefined;
    this.#context.stats.openExchanges -= 1;
    return exchange;
  }

  #clientGone(): void {
    const exchange = this.#dropExchange();
    if (exchange !== undefined) this.#tellGone(exchange);
  }

  #tellGone(exchange: RequestExchange): void {
    try {
      exchange.handler?.onClientGone();
    } catch (error) {
      this.#countError(error);
    }
  }

  #tell(exchange: RequestExchange, what: "onBodyEnd" | "onWritable"): void {
    try {
      exchange.handler?.[what]();
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  /** Nothing more is read; the connection ends once its output has left. */
  #linger(): void {
    this.#mode = "linger";
    this.#timer.sinceMs = this.#context.nowMs;
    this.#intake.discard();
  }

  /** A defect of ours or the core's: the client gets 500, or a cut where the response has begun. */
  #failed(exchange: RequestExchange, error: unknown): void {
    this.#countError(error);
    if (exchange !== this.#exchange) return;
    if (exchange.responded) {
      this.#clientGone();
      this.#abort();
    } else {
      this.respondText(exchange, 500, "Internal Server Error");
    }
  }

  #countError(error: unknown): void {
    this.#context.stats.errors += 1;
    this.#context.log.error({ err: error }, "an HTTP exchange failed");
  }

  /** A cut that no client can take for the end of a body. */
  #abort(): void {
    this.#output.flush();
    this.#context.stats.cut += 1;
    this.#mode = "closed";
    if (this.#writer.untilClose) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  // Output.

  #enter(): void {
    this.#depth += 1;
  }

  #leave(): void {
    this.#depth -= 1;
    if (this.#depth > 0) return;
    if (this.#exchange?.responded === true) {
      this.#output.flushSoon();
      return;
    }
    this.#output.flush();
    if (this.#mode === "linger" && !this.#socket.writableEnded) this.#socket.end();
    else if (this.#intake.held.length > 0 && this.#canRead()) this.#pumpSoon();
  }

  #owedWritable(): void {
    const exchange = this.#exchange;
    if (exchange?.owesWritable !== true) return;
    exchange.owesWritable = false;
    this.#tell(exchange, "onWritable");
  }
}

const leavingFields = { "retry-after": "1", "x-manta-reason": "draining" };
const continueResponse = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
