/**
 * Finds the ends of responses in a stream of bytes. It trusts the server: this is a measuring client, not a
 * parser.
 */
export class ResponseScanner {
  status = 0;
  /** Head of the response just completed, when `keepHead` was set. */
  head = "";
  keepHead = false;
  close = false;
  /** Body of the response just completed, when `keepBody` was set. */
  body = "";
  keepBody = false;
  /** Bytes of the response have come. */
  begun = false;
  #bodyless = false;
  /** The head has been read. */
  #inBody = false;
  #chunked = false;
  /** Declared length, or -1: chunked, or until the connection closes. */
  #contentLength = -1;
  #left = 0;
  #chunkTail = "";
  #kept: string[] = [];
  #pending: Buffer | undefined;

  /** Makes ready for the response to a request. */
  expect(keepHead: boolean, keepBody: boolean, bodyless: boolean): void {
    this.keepHead = keepHead;
    this.keepBody = keepBody;
    this.#bodyless = bodyless;
    this.#inBody = false;
    this.#pending = undefined;
    this.begun = false;
    if (keepBody) this.#kept = [];
  }

  /** Feeds bytes (a view: copied where kept). True once the response is complete. */
  feed(chunk: Buffer): boolean {
    this.begun = true;
    let at = 0;
    let bytes = chunk;
    while (!this.#inBody) {
      if (this.#pending !== undefined) bytes = Buffer.concat([this.#pending, chunk]);
      const end = this.#readHead(bytes, at);
      if (end === -1) {
        this.#pending = Buffer.from(bytes.subarray(at));
        return false;
      }
      this.#pending = undefined;
      at = end;
      // An interim response: the real one follows.
      this.#inBody = this.status >= 200;
    }
    return this.#feedBody(bytes, at);
  }

  /** The connection ended. True when that completed the response. */
  ended(): boolean {
    if (!this.#inBody || this.#chunked || this.#contentLength >= 0) return false;
    this.#complete();
    return true;
  }

  /** One pass over the bytes. Returns the offset behind the head, or -1 when its end has not come. */
  #readHead(bytes: Buffer, from: number): number {
    if (bytes.length < from + statusLineBytesMin) return -1;
    this.status = digit(bytes, from + 9) * 100 + digit(bytes, from + 10) * 10 + digit(bytes, from + 11);
    this.#contentLength = -1;
    this.#chunked = false;
    let close = bytes[from + 7] === digitZero;
    for (let at = from; at < bytes.length; at += 1) {
      if (bytes[at] !== lineFeed) continue;
      const first = bytes[at + 1];
      if (first === carriageReturn) {
        if (at + 2 >= bytes.length) return -1;
        this.close = close;
        this.#left = this.#contentLength;
        this.#chunkTail = "";
        if (this.keepHead) this.head = bytes.toString("latin1", from, at + 1);
        return at + 3;
      }
      // The first letters of the three fields that matter.
      if (first === undefined || ((first | toLower) !== letterC && (first | toLower) !== letterT)) continue;
      const end = bytes.indexOf(lineFeed, at + 1);
      if (end === -1) return -1;
      const line = bytes.toString("latin1", at + 1, end).toLowerCase();
      if (line.startsWith("content-length:")) this.#contentLength = Number(line.slice(15));
      else if (line.startsWith("transfer-encoding:")) this.#chunked = line.includes("chunked");
      else if (line.startsWith("connection:"))
        close = line.includes("close") || (close && !line.includes("keep-alive"));
    }
    return -1;
  }

  #feedBody(bytes: Buffer, from: number): boolean {
    if (this.#bodyless || this.status === 204 || this.status === 304) return this.#complete();
    if (this.#chunked) return this.#feedChunks(bytes, from);
    if (this.keepBody && from < bytes.length) this.#kept.push(bytes.toString("latin1", from, bytes.length));
    if (this.#contentLength < 0) return false;
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
}

/** "HTTP/1.1 200 " */
const statusLineBytesMin = 13;
const lineFeed = 10;
const carriageReturn = 13;
const toLower = 0x20;
const digitZero = 48;
const letterC = 0x63;
const letterT = 0x74;

const digit = (bytes: Buffer, at: number): number => (bytes[at] ?? 0) - digitZero;
