import { requestFlags, responseFlags, responseHeadFixedBytes } from "../../protocol/http-frames.ts";
import { streamKinds } from "../../rpc/types.ts";
import type { OutboundCall, OutboundRequest, RequestFailure, Router } from "../routing/index.ts";
import { failureResponse, retriesField } from "./failure-response.ts";
import type { HttpExchange, HttpExchangeHandler } from "./http/exchange.ts";
import type { ProxyStats } from "./proxy-stats.ts";
import { requestFlagsOffset, requestHeadBytes, writeRequestHead } from "./request-head.ts";

/** What the proxy core found out about a request before it is sent. */
export interface RequestFacts {
  readonly routePrefix: Uint8Array;
  readonly requestId: string;
  readonly repeatable: boolean;
  /** The request is finished even when its client leaves. */
  readonly ignoreDisconnect: boolean;
  /** Its Idempotency-Key lets it run once. */
  readonly keyed: boolean;
  /** 0 for none. */
  readonly timeoutMs: number;
  /** On the router's clock; 0 for none. */
  readonly deadlineMs: number;
  /** What a full queue is answered with; undefined for the default. */
  readonly backpressure: Router["backpressure"];
  readonly stats: ProxyStats;
}

/**
 * One HTTP exchange as a request to a deployment: the link between the front and the router. Bytes of the
 * answer go from the link's read buffer to the client in one copy.
 */
export class HttpRequest implements OutboundRequest, HttpExchangeHandler {
  readonly kind = streamKinds.http;
  readonly head: Buffer;
  readonly body: Buffer | null;
  readonly bodyEnded: boolean;
  readonly repeatable: boolean;
  readonly deadlineMs: number;
  call: OutboundCall | undefined = undefined;
  readonly #exchange: HttpExchange;
  readonly #facts: RequestFacts;
  #reading = false;
  #bodyComplete: boolean;
  #clientGone = false;

  /** Copies all it needs of `exchange` into one buffer, for a retry must not depend on the connection's. */
  constructor(exchange: HttpExchange, facts: RequestFacts) {
    const { rawHead, bodyStart, remoteAddress, requestEnded, upgrade } = exchange;
    const { routePrefix, requestId } = facts;
    this.#exchange = exchange;
    this.#facts = facts;
    this.repeatable = facts.repeatable;
    this.deadlineMs = facts.deadlineMs;
    // After an upgrade the client's bytes go on.
    this.bodyEnded = requestEnded && !upgrade;
    this.#bodyComplete = requestEnded;
    const headBytes = requestHeadBytes(routePrefix, requestId, remoteAddress, rawHead);
    const bytes = Buffer.allocUnsafe(headBytes + bodyStart.length);
    const flags = (upgrade ? requestFlags.upgrade : 0) | (facts.keyed ? requestFlags.keyed : 0);
    writeRequestHead(bytes, flags, routePrefix, requestId, remoteAddress, rawHead);
    if (bodyStart.length === 0) {
      this.head = bytes;
      this.body = null;
    } else {
      bytes.set(bodyStart, headBytes);
      this.head = bytes.subarray(0, headBytes);
      this.body = bytes.subarray(headBytes);
    }
    facts.stats.ongoing += 1;
    exchange.handler = this;
  }

  // From the front

  onBody(chunk: Buffer): void {
    // A view of the connection's read buffer, and the router holds what it gets.
    if (this.call?.write(Buffer.from(chunk)) === false) this.#exchange.pauseBody();
  }

  onBodyEnd(): void {
    this.#bodyComplete = true;
    this.call?.end();
  }

  onClientGone(): void {
    const { stats, ignoreDisconnect } = this.#facts;
    stats.clientsGone += 1;
    this.#clientGone = true;
    if (ignoreDisconnect && this.#bodyComplete) {
      this.call?.resume();
      return;
    }
    stats.ongoing -= 1;
    this.call?.cancel();
  }

  onWritable(): void {
    this.call?.resume();
  }

  // From the router

  onBodyWanted(): void {
    if (this.#reading) this.#exchange.resumeBody();
    else {
      this.#reading = true;
      this.#exchange.readBody();
    }
  }

  onRetry(): void {
    this.head[requestFlagsOffset] = (this.head[requestFlagsOffset] ?? 0) | requestFlags.retry;
  }

  onResponse(head: Buffer, body: Buffer, end: boolean): void {
    const { stats } = this.#facts;
    // The first digit of the status, a big-endian u16 behind the flags.
    const statusClass = ((((head[1] ?? 0) << 8) | (head[2] ?? 0)) / 100) | 0;
    stats.byClass[statusClass] = (stats.byClass[statusClass] ?? 0) + 1;
    if (end) stats.ongoing -= 1;
    if (this.#clientGone) return;
    const flags = ((head[0] ?? 0) & bodyFlags) | (end ? endFlag : 0);
    let raw = head.subarray(responseHeadFixedBytes);
    const retries = this.call?.retries ?? 0;
    if (retries > 0) raw = withRetries(raw, retries);
    this.#exchange.respondRaw(raw, body.length === 0 ? null : body, rawFlags[flags] ?? rawFlags[0]);
  }

  onData(chunk: Buffer): void {
    if (!this.#clientGone && !this.#exchange.write(chunk)) this.call?.pause();
  }

  onEnd(): void {
    this.#facts.stats.ongoing -= 1;
    if (!this.#clientGone) this.#exchange.end();
  }

  onFailure(failure: RequestFailure): void {
    const { stats } = this.#facts;
    stats.ongoing -= 1;
    if (this.#clientGone) return;
    if (failure.responded) {
      stats.cut += 1;
      this.#exchange.destroy();
      return;
    }
    const { status, body, fields } = failureResponse(failure, this.#facts);
    const statusClass = (status / 100) | 0;
    stats.byClass[statusClass] = (stats.byClass[statusClass] ?? 0) + 1;
    this.#exchange.respondText(status, body, fields);
  }
}

/** The head with one more field line before its empty line. */
const withRetries = (head: Buffer, retries: number): Buffer =>
  Buffer.concat([head.subarray(0, -2), Buffer.from(`${retriesField}: ${retries}\r\n\r\n`)]);

/** What `respondRaw` takes. */
interface RawFlags {
  readonly streamed: boolean;
  readonly bodyless: boolean;
  readonly end: boolean;
}

const bodyFlags = responseFlags.streamed | responseFlags.bodyless;
const endFlag = 4;

const flagsOf = (bits: number): RawFlags => ({
  streamed: (bits & responseFlags.streamed) !== 0,
  bodyless: (bits & responseFlags.bodyless) !== 0,
  end: (bits & endFlag) !== 0,
});

/** Made once: by the bits of `responseFlags` and `endFlag`. */
const rawFlags: readonly [RawFlags, ...RawFlags[]] = [
  flagsOf(0),
  flagsOf(1),
  flagsOf(2),
  flagsOf(3),
  flagsOf(4),
  flagsOf(5),
  flagsOf(6),
  flagsOf(7),
];
