import type { HttpExchange, HttpExchangeHandler } from "./exchange.ts";
import { fieldOf, type RequestHead } from "./request-head.ts";

/** How a raw response goes on after its head. */
export type ResponseFlags = Parameters<HttpExchange["respondRaw"]>[2];

/** What a connection does for the exchange it is busy with. Calls of an exchange that is over are ignored. */
export interface ExchangeChannel {
  readonly remoteAddress: string;
  readBody(exchange: RequestExchange): void;
  pauseBody(exchange: RequestExchange): void;
  resumeBody(exchange: RequestExchange): void;
  respondRaw(exchange: RequestExchange, head: Uint8Array, body: Uint8Array | null, flags: ResponseFlags): void;
  respondText(exchange: RequestExchange, status: number, body: string, fields?: Readonly<Record<string, string>>): void;
  write(exchange: RequestExchange, chunk: Uint8Array): boolean;
  end(exchange: RequestExchange): void;
  destroy(exchange: RequestExchange): void;
}

/** One request, as its connection hands it to the core. */
export class RequestExchange implements HttpExchange {
  readonly rawHead: Buffer;
  readonly bodyStart: Buffer;
  readonly requestEnded: boolean;
  readonly upgrade: boolean;
  handler: HttpExchangeHandler | undefined = undefined;
  responded = false;
  /** The core asked for the body. */
  reading = false;
  paused = false;
  /** The client waits for `100 Continue`. */
  awaitsContinue: boolean;
  /** `write` said false; `onWritable` is owed. */
  owesWritable = false;
  readonly #head: RequestHead;
  readonly #channel: ExchangeChannel;

  constructor(
    channel: ExchangeChannel,
    head: RequestHead,
    rawHead: Buffer,
    bodyStart: Buffer,
    requestEnded: boolean,
    upgrade: boolean,
  ) {
    this.#channel = channel;
    this.#head = head;
    this.rawHead = rawHead;
    this.bodyStart = bodyStart;
    this.requestEnded = requestEnded;
    this.upgrade = upgrade;
    this.awaitsContinue = head.expectContinue && !requestEnded && bodyStart.length === 0;
  }

  get method(): string {
    return this.#head.method;
  }

  get target(): string {
    return this.#head.target;
  }

  get path(): string {
    return this.#head.path;
  }

  get headText(): string {
    return this.#head.text;
  }

  get httpMinor(): 0 | 1 {
    return this.#head.httpMinor;
  }

  get contentLength(): number {
    return this.#head.contentLength;
  }

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  header(name: string): string | undefined {
    return fieldOf(this.#head.text, name);
  }

  readBody(): void {
    this.#channel.readBody(this);
  }

  pauseBody(): void {
    this.#channel.pauseBody(this);
  }

  resumeBody(): void {
    this.#channel.resumeBody(this);
  }

  respondRaw(head: Uint8Array, body: Uint8Array | null, flags: ResponseFlags): void {
    this.#channel.respondRaw(this, head, body, flags);
  }

  respondText(status: number, body: string, fields?: Readonly<Record<string, string>>): void {
    this.#channel.respondText(this, status, body, fields);
  }

  write(chunk: Uint8Array): boolean {
    return this.#channel.write(this, chunk);
  }

  end(): void {
    this.#channel.end(this);
  }

  destroy(): void {
    this.#channel.destroy(this);
  }
}
