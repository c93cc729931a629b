import { createRequire } from "node:module";
import type { MessageParser, ParserSource } from "./message-parser.ts";

/** What a callback returns to stop the parser where it is. */
const pause = 21;
const endOfLines = Buffer.from("\r\n\r\n");
/** Far above the front's own limit, which is what counts. */
const headBytesMax = 1024 * 1024;

type ExecuteResult =
  | number
  | (Error & { readonly bytesParsed: number; readonly code: string; readonly reason?: string });

interface NativeParser {
  initialize(type: number, resource: object, headBytesMax: number): void;
  execute(bytes: Uint8Array): ExecuteResult;
  resume(): void;
  close(): void;
  [callback: number]: (...values: never[]) => number;
}

interface NativeParserClass {
  new (): NativeParser;
  readonly REQUEST: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

/** llhttp as Node itself holds it. Undocumented, hence behind the self-test and second in line. */
export const nativeParserSource = (): ParserSource => {
  const require = createRequire(import.meta.url);
  const { HTTPParser } = require("_http_common") as { HTTPParser: NativeParserClass };
  return { name: "native", create: () => new NodeParser(HTTPParser) };
};

class NodeParser implements MessageParser {
  keepAlive = false;
  upgrade = false;
  ended = false;
  reason = "";
  #headDone = false;
  /** The last bytes fed were `\r\n\r`, or the beginning of it. */
  #tail = Buffer.alloc(0);
  #onData: ((data: Buffer) => void) | undefined;
  readonly #requestType: number;
  readonly #parser: NativeParser;

  constructor(HTTPParser: NativeParserClass) {
    this.#requestType = HTTPParser.REQUEST;
    this.#parser = new HTTPParser();
    this.#parser[HTTPParser.kOnHeadersComplete] = (...values: unknown[]) => {
      this.#headDone = true;
      this.upgrade = values[7] === true;
      this.keepAlive = values[8] === true;
      return pause;
    };
    this.#parser[HTTPParser.kOnBody] = (data: Buffer) => {
      this.#onData?.(data);
      return 0;
    };
    this.#parser[HTTPParser.kOnMessageComplete] = () => {
      this.ended = true;
      return 0;
    };
  }

  reset(): void {
    this.ended = false;
    this.#headDone = false;
    this.#tail = Buffer.alloc(0);
    this.#parser.initialize(this.#requestType, {}, headBytesMax);
  }

  feedHead(bytes: Buffer, from: number, to: number): number {
    const result = this.#parser.execute(bytes.subarray(from, to));
    if (typeof result === "number") return this.#headDone ? result : 0;
    if (this.#headDone && result.code === "HPE_PAUSED") return result.bytesParsed;
    return this.#refused(result);
  }

  /**
   * The binding does not say where a message ended, only that it did. But a chunked message can end only
   * with an empty line, so it is fed in pieces which end at one.
   */
  feedChunks(bytes: Buffer, from: number, onData: (data: Buffer) => void): number {
    this.#parser.resume();
    this.#onData = onData;
    let at = from;
    while (at < bytes.length && !this.ended) {
      const to = this.#endOfPiece(bytes, at);
      const piece = bytes.subarray(at, to);
      const result = this.#parser.execute(piece);
      if (typeof result !== "number" || (result !== piece.length && !this.ended)) {
        this.#onData = undefined;
        return this.#refused(result);
      }
      this.#tail = Buffer.concat([this.#tail, piece.subarray(-3)]).subarray(-3);
      at = to;
    }
    this.#onData = undefined;
    return at;
  }

  free(): void {
    this.#parser.close();
  }

  #endOfPiece(bytes: Buffer, from: number): number {
    const seam = Buffer.concat([this.#tail, bytes.subarray(from, from + 3)]).indexOf(endOfLines);
    if (seam !== -1) return from + seam + endOfLines.length - this.#tail.length;
    const found = bytes.indexOf(endOfLines, from);
    return found === -1 ? bytes.length : found + endOfLines.length;
  }

  #refused(result: ExecuteResult): number {
    this.reason = typeof result === "number" ? "refused by the parser" : (result.reason ?? result.code);
    return -1;
  }
}
