/**
 * One HTTP/1.1 request and its answer, between the HTTP front (which owns sockets and framing) and the
 * proxy core (which owns routing and retries). Plain calls, no events and no promises: this is the hot path.
 */
export interface HttpExchange {
  readonly method: string;
  /** Request target as sent, e.g. `/fruit/?a=1`. */
  readonly target: string;
  /** Path of the target: no query. */
  readonly path: string;
  /** The client's own bytes: request line, fields, empty line. Owned by the exchange until it is finished. */
  readonly rawHead: Buffer;
  /** The same, one character a byte. */
  readonly headText: string;
  /** HTTP/1.0 clients get no chunked bodies. */
  readonly httpMinor: 0 | 1;
  /** Body bytes that came with the head; complete when `requestEnded`. */
  readonly bodyStart: Buffer;
  readonly requestEnded: boolean;
  /** Value of `content-length`, or -1 when absent. */
  readonly contentLength: number;
  /** The client asked for another protocol. */
  readonly upgrade: boolean;
  readonly remoteAddress: string;
  /** First value of a field, by lower-case name; scans the raw head. */
  header(name: string): string | undefined;

  /** Set by the core inside `dispatch`. */
  handler: HttpExchangeHandler | undefined;

  /** Ask for the rest of the body: answers `100 Continue` where the client waits for it. Body calls begin only after this. */
  readBody(): void;
  pauseBody(): void;
  resumeBody(): void;

  /**
   * Sends a response head made by a replica (complete, ending in an empty line) with the first body bytes.
   * `streamed`: the head says `transfer-encoding: chunked` and the front frames what follows;
   * `bodyless`: no body follows whatever the fields say. `end`: that is all.
   */
  respondRaw(
    head: Uint8Array,
    body: Uint8Array | null,
    flags: { streamed: boolean; bodyless: boolean; end: boolean },
  ): void;
  /** A response of the proxy's own, complete. */
  respondText(status: number, body: string, fields?: Readonly<Record<string, string>>): void;
  /** More body; false: the client reads slowly, wait for `onWritable`. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** Cuts the connection: the only honest answer to a failure after the head was sent. */
  destroy(): void;
  /** True from the first response byte on. */
  readonly responded: boolean;
}

/** Calls of the front to the core. */
export interface HttpExchangeHandler {
  onBody(chunk: Buffer): void;
  onBodyEnd(): void;
  /** The client went away (or broke the framing) before the response was complete. Terminal. */
  onClientGone(): void;
  onWritable(): void;
}

/** What the front calls for each request, once its head is complete. */
export type HttpDispatch = (exchange: HttpExchange) => void;
