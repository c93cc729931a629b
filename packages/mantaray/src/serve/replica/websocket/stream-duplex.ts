import { Duplex } from "node:stream";
import { responseHeadFixedBytes } from "../../../protocol/http-frames.ts";
import { type InStream, resetCodes } from "../../../rpc/types.ts";

const endOfHead = Buffer.from("\r\n\r\n");

/**
 * A link's stream as the socket that a WebSocket server expects: it writes an HTTP response head first, then bytes;
 * what it reads is what the client sends after its request.
 */
export class StreamDuplex extends Duplex {
  readonly #stream: InStream;
  #head: Buffer | undefined = Buffer.alloc(0);
  #written: (() => void) | undefined;
  #over = false;
  #inputEnded = false;

  constructor(stream: InStream) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
  }

  /** From the link; a view that is not kept. */
  takeBytes(chunk: Buffer): void {
    if (this.#inputEnded) return;
    if (!this.push(Buffer.from(chunk))) this.#stream.pause();
  }

  takeEnd(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    this.push(null);
  }

  /** The client, or the link, is gone. */
  lose(): void {
    this.#over = true;
    this.destroy();
  }

  takeRoom(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  override _read(): void {
    if (!this.#over) this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: () => void): void {
    if (this.#over) return written();
    const rest = this.#head === undefined ? chunk : this.#respond(Buffer.concat([this.#head, chunk]));
    // The link keeps what it is given; ours is not touched again.
    if (rest === undefined || rest.length === 0 || this.#stream.write(rest)) written();
    else this.#written = written;
  }

  override _final(done: () => void): void {
    this.#end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.takeRoom();
    if (this.#head === undefined) this.#end();
    else if (!this.#over) {
      this.#over = true;
      this.#stream.reset(resetCodes.internal, "the WebSocket ended before it was open");
    }
    done(error);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.end();
    // The end of an answer is the stream's: nothing more will come from the other side, not even its end.
    this.takeEnd();
  }

  /** Sends the head once it is whole; returns what followed it, or undefined while more of it is to come. */
  #respond(gathered: Buffer): Buffer | undefined {
    const at = gathered.indexOf(endOfHead);
    if (at === -1) {
      this.#head = gathered;
      return undefined;
    }
    this.#head = undefined;
    const text = gathered.toString("latin1", 0, at + endOfHead.length);
    const status = Number(text.slice(9, 12));
    // The connection of a refusal is the proxy's to speak of; that of a 101 is the upgrade itself.
    const kept = status === 101 ? text : text.replace(/\r\nconnection:[^\r]*(?=\r\n)/i, "");
    const head = Buffer.alloc(responseHeadFixedBytes + kept.length);
    head.writeUInt16BE(status, 1);
    head.write(kept, responseHeadFixedBytes, "latin1");
    this.#stream.respond(head, null, false);
    return gathered.subarray(at + endOfHead.length);
  }
}
