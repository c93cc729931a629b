/** What the head of a response says about its end. */
interface ResponseShape {
  readonly status: number;
  /** Declared length, or -1: chunked, or until the connection closes. */
  readonly contentLength: number;
  readonly chunked: boolean;
  readonly close: boolean;
}

const endOfHead = Buffer.from("\r\n\r\n");

/**
 * Finds the ends of responses in a stream of bytes. It trusts the server: this is a measuring client, not a
 * parser. Equal heads in a row are read once.
 */
export class ResponseScanner {
  status = 0;
  /** Head of the response just completed. */
  head = "";
  close = false;
  /** Body of the response just completed, when `keepBody` was set. */
  body = "";
  keepBody = false;
  /** Bytes of the response have come. */
  begun = false;
  #bodyless = false;
  #shape: ResponseShape | undefined;
  #lastHead = "";
  #lastShape: ResponseShape | undefined;
  #left = 0;
  #chunkTail = "";
  #kept: string[] = [];
  #pending: Buffer | undefined;

  /** Makes ready for the response to a request. */
  expect(keepBody: boolean, bodyless: boolean): void {
    this.keepBody = keepBody;
    this.#bodyless = bodyless;
    this.#shape = undefined;
    this.#pending = undefined;
    this.begun = false;
    if (keepBody) this.#kept = [];
  }

  /** Feeds bytes (a view: copied where kept). True once the response is complete. */
  feed(chunk: Buffer): boolean {
    this.begun = true;
    let at = 0;
    let bytes = chunk;
    while (this.#shape === undefined) {
      if (this.#pending !== undefined) bytes = Buffer.concat([this.#pending, chunk]);
      const end = bytes.indexOf(endOfHead, at);
      if (end === -1) {
        this.#pending = Buffer.from(bytes.subarray(at));
        return false;
      }
      this.#pending = undefined;
      const shape = this.#shapeOf(bytes.toString("latin1", at, end + 2));
      at = end + endOfHead.length;
      // An interim response: the real one follows.
      if (shape.status >= 200) this.#begin(shape);
    }
    return this.#feedBody(bytes, at);
  }

  /** The connection ended. True when that completed the response. */
  ended(): boolean {
    if (this.#shape === undefined || this.#shape.chunked || this.#shape.contentLength >= 0) return false;
    this.#complete();
    return true;
  }

  #begin(shape: ResponseShape): void {
    this.#shape = shape;
    this.status = shape.status;
    this.close = shape.close;
    this.#left = shape.contentLength;
    this.#chunkTail = "";
  }

  #feedBody(bytes: Buffer, from: number): boolean {
    const shape = this.#shape;
    if (shape === undefined) return false;
    if (this.#bodyless || shape.status === 204 || shape.status === 304) return this.#complete();
    if (shape.chunked) return this.#feedChunks(bytes, from);
    if (this.keepBody && from < bytes.length) this.#kept.push(bytes.toString("latin1", from, bytes.length));
    if (shape.contentLength < 0) return false;
    this.#left -= bytes.length - from;
    return this.#left <= 0 && this.#complete();
  }

  #feedChunks(bytes: Buffer, from: number): boolean {
    let at = from;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const to = Math.min(bytes.length, at + this.#left);
        this.#left -= to - at;
        if (this.keepBody) this.#kept.push(bytes.toString("latin1", at, to));
        at = to;
        continue;
      }
      // A line: the CRLF after a chunk, a size, or the empty line at the end.
      const end = bytes.indexOf(10, at);
      this.#chunkTail += bytes.toString("latin1", at, end === -1 ? bytes.length : end + 1);
      if (end === -1) return false;
      at = end + 1;
      if (this.#chunkTail.startsWith("0\r\n")) {
        if (this.#chunkTail.endsWith("\r\n\r\n")) return this.#complete();
        continue;
      }
      const size = Number.parseInt(this.#chunkTail, 16);
      this.#chunkTail = "";
      if (!Number.isNaN(size)) this.#left = size;
    }
    return false;
  }

  #complete(): boolean {
    if (this.keepBody) this.body = this.#kept.join("");
    return true;
  }

  #shapeOf(head: string): ResponseShape {
    this.head = head;
    if (head === this.#lastHead && this.#lastShape !== undefined) return this.#lastShape;
    const contentLength = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const shape = {
      status: Number(head.slice(9, 12)),
      contentLength: contentLength === undefined ? -1 : Number(contentLength),
      chunked: /\r\ntransfer-encoding: *chunked/i.test(head),
      close:
        /\r\nconnection: *close/i.test(head) ||
        (head.startsWith("HTTP/1.0") && !/\r\nconnection: *keep-alive/i.test(head)),
    };
    this.#lastHead = head;
    this.#lastShape = shape;
    return shape;
  }
}
