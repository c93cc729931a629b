import { BodyMeter } from "./body-meter.ts";
import { HeadBuffer } from "./head-buffer.ts";
import type { HttpFrontLimits } from "./limits.ts";
import type { MessageParser } from "./message-parser.ts";
import { parseRequestHead, type Refusal, type RequestHead } from "./request-head.ts";

/** What a reader tells its connection. */
export interface RequestSink {
  /** A head is complete, with the body bytes that came along. `ended`: they are the whole body. */
  onRequest(head: RequestHead, rawHead: Buffer, bodyStart: Buffer, ended: boolean): void;
  onBodyData(data: Buffer): void;
  onBodyEnd(): void;
  /** The client broke the rules: nothing more is read. */
  onRefused(refusal: Refusal): void;
}

/**
 * What the next byte belongs to: a head, a body of declared length, a chunked body, nothing (the request is
 * complete, `next` begins another), or nothing ever (it was refused).
 */
export type ReaderState = "head" | "fixed" | "chunked" | "complete" | "refused";

/** Turns bytes into requests, one at a time. Knows nothing of responses. */
export class RequestReader {
  state: ReaderState = "head";
  readonly body: BodyMeter;
  readonly #limits: HttpFrontLimits;
  readonly #parser: MessageParser;
  readonly #sink: RequestSink;
  readonly #head = new HeadBuffer();
  #leadingBytes = 0;
  #chunkBytes = 0;
  readonly #onChunkData = (data: Buffer): void => {
    this.#chunkBytes += data.length;
    this.body.countData(data.length);
    this.#sink.onBodyData(data);
  };

  constructor(limits: HttpFrontLimits, parser: MessageParser, sink: RequestSink) {
    this.#limits = limits;
    this.#parser = parser;
    this.#sink = sink;
    this.body = new BodyMeter(limits);
  }

  /** No byte of the next request has come. */
  get idle(): boolean {
    return this.state === "head" && this.#head.length === 0 && this.#leadingBytes === 0;
  }

  /** About the last head, in llhttp's judgement. */
  get keepAlive(): boolean {
    return this.#parser.keepAlive;
  }

  get upgrade(): boolean {
    return this.#parser.upgrade;
  }

  /**
   * Reads from `at`; returns how far it came. It stops at the end of a request. Heads are copied, so that in
   * state "head" the chunk may be one that is reused after the call; bodies are handed on as views of it.
   */
  read(chunk: Buffer, at: number): number {
    if (this.state === "head") return this.#readHead(chunk, at);
    if (this.state === "fixed") return this.#readFixed(chunk, at);
    return this.state === "chunked" ? this.#readChunks(chunk, at) : chunk.length;
  }

  /** The request before is done with. */
  next(): void {
    this.state = "head";
    this.#leadingBytes = 0;
  }

  #readHead(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#head.length === 0) {
      at = this.#skipEmptyLines(chunk, from);
      if (at === chunk.length || this.state !== "head") return at;
      this.#parser.reset();
    }
    const room = this.#limits.headBytesMax - this.#head.length;
    const to = Math.min(chunk.length, at + room);
    const used = this.#parser.feedHead(chunk, at, to);
    if (used > 0) return this.#onHead(chunk, at, at + used);
    if (used < 0) return this.#refuse(chunk, 400, this.#parser.reason);
    if (to - at === room) {
      return this.#head.hasLine(chunk, at, to)
        ? this.#refuse(chunk, 431, "request head too large")
        : this.#refuse(chunk, 414, "request target too long");
    }
    this.#head.append(chunk, at, to);
    return to;
  }

  /** Empty lines before a request line are ignored (RFC 9112, 2.2), but only whole ones and few. */
  #skipEmptyLines(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && chunk[at] === (this.#leadingBytes % 2 === 0 ? cr : lf)) {
      at += 1;
      this.#leadingBytes += 1;
    }
    const torn = at < chunk.length && (this.#leadingBytes % 2 === 1 || chunk[at] === lf);
    if (torn || this.#leadingBytes > 2 * this.#limits.leadingLinesMax) {
      return this.#refuse(chunk, 400, "malformed start of a request");
    }
    return at;
  }

  /** The head ends at `end`; in this chunk it began at `from`. */
  #onHead(chunk: Buffer, from: number, end: number): number {
    const gathered = this.#head.length > 0 ? this.#head.take(chunk, from, end) : undefined;
    const text = gathered?.toString("latin1") ?? chunk.toString("latin1", from, end);
    const head = parseRequestHead(text, this.#limits);
    if ("reason" in head) return this.#refuse(chunk, head.status, head.reason);
    if (head.chunked) return this.#onChunkedHead(head, gathered ?? Buffer.from(chunk.subarray(from, end)), chunk, end);
    const bytes = head.contentLength === -1 ? 0 : head.contentLength;
    if (bytes > this.#limits.bodyBytesMax) return this.#refuse(chunk, 413, "request body too large");
    const at = Math.min(chunk.length, end + bytes);
    let rawHead: Buffer | undefined = gathered;
    let bodyStart: Buffer = empty;
    if (rawHead === undefined) {
      // One copy of what came together; after it the chunk may be reused.
      rawHead = Buffer.allocUnsafe(at - from);
      chunk.copy(rawHead, 0, from, at);
      if (at > end) {
        bodyStart = rawHead.subarray(end - from);
        rawHead = rawHead.subarray(0, end - from);
      }
    } else if (at > end) {
      bodyStart = Buffer.from(chunk.subarray(end, at));
    }
    this.body.start(bytes - bodyStart.length);
    this.body.countData(bodyStart.length);
    const ended = this.body.leftBytes === 0;
    this.state = ended ? "complete" : "fixed";
    this.#sink.onRequest(head, rawHead, bodyStart, ended);
    return at;
  }

  #onChunkedHead(head: RequestHead, rawHead: Buffer, chunk: Buffer, from: number): number {
    const parts: Buffer[] = [];
    this.body.start(0);
    const at = this.#parser.feedChunks(chunk, from, (data) => parts.push(data));
    if (at < 0) return this.#refuse(chunk, 400, this.#parser.reason);
    const bodyStart = Buffer.concat(parts);
    this.body.countData(bodyStart.length);
    const refusal = this.body.checkChunks(at - from, bodyStart.length);
    if (refusal !== undefined) return this.#refuse(chunk, refusal.status, refusal.reason);
    this.state = this.#parser.ended ? "complete" : "chunked";
    this.#sink.onRequest(head, rawHead, bodyStart, this.#parser.ended);
    return at;
  }

  #readFixed(chunk: Buffer, from: number): number {
    const at = Math.min(chunk.length, from + this.body.leftBytes);
    this.body.leftBytes -= at - from;
    this.body.countData(at - from);
    this.#sink.onBodyData(from === 0 && at === chunk.length ? chunk : chunk.subarray(from, at));
    if (this.body.leftBytes === 0) this.#end();
    return at;
  }

  #readChunks(chunk: Buffer, from: number): number {
    this.#chunkBytes = 0;
    const at = this.#parser.feedChunks(chunk, from, this.#onChunkData);
    if (at < 0) return this.#refuse(chunk, 400, this.#parser.reason);
    const refusal = this.body.checkChunks(at - from, this.#chunkBytes);
    if (refusal !== undefined) return this.#refuse(chunk, refusal.status, refusal.reason);
    if (this.#parser.ended) this.#end();
    return at;
  }

  #end(): void {
    this.state = "complete";
    this.#sink.onBodyEnd();
  }

  /** Everything else of the chunk is dropped. */
  #refuse(chunk: Buffer, status: number, reason: string): number {
    this.state = "refused";
    this.#sink.onRefused({ status, reason });
    return chunk.length;
  }
}

const cr = 13;
const lf = 10;
const empty = Buffer.alloc(0);
