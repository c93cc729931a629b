import { forwardMembers } from "./forward-members.ts";
import { LazyHeaders } from "./lazy-headers.ts";
import type { RequestBody } from "./request-body.ts";
import type { RequestHead } from "./request-head.ts";

const RealRequest = globalThis.Request;

/**
 * A `Request` that is read straight from its frame: method, url, headers and the whole body. Whatever else
 * is asked of it makes the real object, once; from then on that one holds the body. It passes `instanceof
 * Request`; only code that reaches for the real object's private state needs `unwrap` (see web-globals.ts).
 */
export class LazyRequest {
  readonly #head: RequestHead;
  readonly #body: RequestBody;
  #url: string | undefined;
  #headers: LazyHeaders | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #real: Request | undefined;

  constructor(head: RequestHead, body: RequestBody) {
    this.#head = head;
    this.#body = body;
  }

  get method(): string {
    return this.#head.method;
  }

  get url(): string {
    this.#url ??= this.#head.url;
    return this.#url;
  }

  get headers(): Headers {
    this.#headers ??= new LazyHeaders(this.#head);
    return this.#headers as unknown as Headers;
  }

  /** Fires when the client is gone. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get bodyUsed(): boolean {
    return this.#bodyHolder?.bodyUsed ?? this.#body.used;
  }

  async text(): Promise<string> {
    const real = this.#bodyHolder;
    if (real !== undefined) return real.text();
    const bytes = this.#body.collect();
    return decode(Buffer.isBuffer(bytes) ? bytes : await bytes);
  }

  async json(): Promise<unknown> {
    const real = this.#bodyHolder;
    if (real !== undefined) return real.json();
    const bytes = this.#body.collect();
    return JSON.parse(decode(Buffer.isBuffer(bytes) ? bytes : await bytes));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const real = this.#bodyHolder;
    if (real !== undefined) return new Uint8Array(await real.arrayBuffer());
    // A copy: the bytes may be a part of a larger piece of memory.
    return new Uint8Array(await this.#body.collect());
  }

  /** The real request has the body, unless it is of a kind that may not have one there. */
  get #bodyHolder(): Request | undefined {
    return this.#bodyStays ? undefined : this.#real;
  }

  /** A body of GET or HEAD is legal in HTTP and impossible in a `Request`: it can be read here only. */
  get #bodyStays(): boolean {
    const { method } = this.#head;
    return (method === "GET" || method === "HEAD") && !this.#body.absent;
  }

  static isLazy(value: unknown): value is LazyRequest {
    return typeof value === "object" && value !== null && #head in value;
  }

  /** The client is gone. Cheap when nobody looks. */
  static abort(request: LazyRequest, reason: Error): void {
    if (request.#abortReason !== undefined) return;
    request.#abortReason = reason;
    request.#controller?.abort(reason);
  }

  static materialise(request: LazyRequest): Request {
    request.#real ??= request.#makeReal();
    return request.#real;
  }

  #makeReal(): Request {
    const body = this.#body;
    const headers = this.headers as unknown as LazyHeaders;
    const { method, signal, url } = this;
    const init: RequestInit & { duplex?: "half" } = { method, headers: LazyHeaders.pairs(headers), signal };
    const used = body.used;
    if (!body.absent && !this.#bodyStays) {
      // Complete: no promise.
      init.body = used ? "" : body.complete ? (body.collect() as Buffer<ArrayBuffer>) : body.stream();
      init.duplex = "half";
    }
    const real = new RealRequest(url, init);
    if (used && init.body !== undefined) void real.arrayBuffer();
    // A text body brings a type of its own.
    if (used && !headers.has("content-type")) real.headers.delete("content-type");
    LazyHeaders.materialise(headers, real.headers);
    return real;
  }
}

forwardMembers(LazyRequest.prototype, RealRequest.prototype, (lazy) => LazyRequest.materialise(lazy));

/** UTF-8 as the body mixin reads it: without a byte order mark, malformed parts replaced. */
const decode = (bytes: Buffer): string =>
  bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    ? bytes.toString("utf8", 3)
    : bytes.toString("utf8");
