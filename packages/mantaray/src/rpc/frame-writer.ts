import type { Duplex } from "node:stream";
import {
  frameHeaderBytes,
  frameTypes,
  fromAcceptor,
  openFixedBytes,
  responseEnd,
  responseFixedBytes,
  writeU32,
} from "./frames.ts";
import { rpcLimits } from "./limits.ts";

/**
 * Lays frames into a cork buffer and writes those of one loop turn at once. Payloads over
 * `rpcLimits.copyBytesMax` are not copied: they leave as buffers of their own in the same `writev`, and
 * belong to the writer from then on.
 */
export class FrameWriter {
  readonly #duplex: Duplex;
  readonly #onFlushed: () => void;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };
  #cork: Buffer = Buffer.allocUnsafeSlow(rpcLimits.corkBytes);
  /** Unwritten frames are `#cork[#start, #end)`, behind `#segments`. */
  #start = 0;
  #end = 0;
  readonly #segments: Uint8Array[] = [];
  #segmentBytes = 0;
  /** Bytes the socket held after the last flush. */
  #socketBytes = 0;
  #scheduled = false;

  /** `onFlushed` runs after each flush and when the socket drains: congestion may be over. */
  constructor(duplex: Duplex, onFlushed: () => void) {
    this.#duplex = duplex;
    this.#onFlushed = onFlushed;
    duplex.on("drain", () => {
      this.#socketBytes = duplex.writableLength;
      onFlushed();
    });
  }

  /** Bytes that wait for the kernel. */
  get queuedBytes(): number {
    return this.#end - this.#start + this.#segmentBytes + this.#socketBytes;
  }

  /** Bodies should wait: the socket has enough. */
  get congested(): boolean {
    return this.queuedBytes > rpcLimits.socketQueueBytesHigh;
  }

  open(
    generation: number,
    slot: number,
    kind: number,
    flags: number,
    deadlineMs: number,
    head: Uint8Array,
    body: Uint8Array,
  ): void {
    const payloadBytes = openFixedBytes + head.length + body.length;
    let at = this.#begin(payloadBytes, openFixedBytes, frameTypes.open, generation, slot);
    const cork = this.#cork;
    cork[at++] = kind;
    cork[at++] = flags;
    at = writeU32(cork, at, deadlineMs);
    writeU32(cork, at, head.length);
    this.#payload(head);
    this.#payload(body);
  }

  response(generation: number, slot: number, end: boolean, load: number, head: Uint8Array, body: Uint8Array): void {
    const payloadBytes = responseFixedBytes + head.length + body.length;
    const at = this.#begin(payloadBytes, responseFixedBytes, frameTypes.response | fromAcceptor, generation, slot);
    const cork = this.#cork;
    cork[at] = end ? responseEnd : 0;
    writeU16(cork, at + 1, load);
    writeU32(cork, at + 3, head.length);
    this.#payload(head);
    this.#payload(body);
  }

  data(side: number, generation: number, slot: number, chunk: Uint8Array): void {
    this.#begin(chunk.length, 0, frameTypes.data | side, generation, slot);
    this.#payload(chunk);
  }

  end(side: number, generation: number, slot: number): void {
    this.#begin(0, 0, frameTypes.end | side, generation, slot);
  }

  reset(side: number, generation: number, slot: number, code: number, message: string): void {
    const text = utf8Prefix(message, rpcLimits.resetMessageBytesMax);
    const at = this.#begin(1 + text.length, 1, frameTypes.reset | side, generation, slot);
    this.#cork[at] = code;
    this.#payload(text);
  }

  reject(generation: number, slot: number, load: number): void {
    const at = this.#begin(2, 2, frameTypes.reject | fromAcceptor, generation, slot);
    writeU16(this.#cork, at, load);
  }

  window(side: number, generation: number, slot: number, bytes: number): void {
    const at = this.#begin(4, 4, frameTypes.window | side, generation, slot);
    writeU32(this.#cork, at, bytes);
  }

  accept(count: number): void {
    const at = this.#begin(4, 4, frameTypes.accept, 0, 0);
    writeU32(this.#cork, at, count);
  }

  goaway(count: number): void {
    const at = this.#begin(4, 4, frameTypes.goaway, 0, 0);
    writeU32(this.#cork, at, count);
  }

  ping(): void {
    this.#begin(0, 0, frameTypes.ping, 0, 0);
  }

  pong(): void {
    this.#begin(0, 0, frameTypes.pong, 0, 0);
  }

  /** Writes all frames now. True: the kernel has them all. */
  flush(): boolean {
    const taken = this.#write();
    this.#onFlushed();
    return taken;
  }

  /** Calls back once the kernel has everything flushed so far; never when the link breaks before. */
  afterFlushed(callback: () => void): void {
    this.#duplex.write(nothing, (error) => {
      if (error === null || error === undefined) callback();
    });
  }

  #write(): boolean {
    const duplex = this.#duplex;
    if (duplex.destroyed || duplex.writableEnded) {
      this.#segments.length = 0;
      this.#segmentBytes = 0;
      this.#end = this.#start;
      return false;
    }
    if (this.#segments.length > 0) this.#writeSegments();
    else if (this.#end > this.#start) duplex.write(this.#cork.subarray(this.#start, this.#end));
    this.#socketBytes = duplex.writableLength;
    // The cork buffer is free again only when the kernel has copied all of it.
    this.#start = this.#socketBytes === 0 ? 0 : this.#end;
    this.#end = this.#start;
    return this.#socketBytes === 0;
  }

  #writeSegments(): void {
    const duplex = this.#duplex;
    duplex.cork();
    for (const segment of this.#segments) duplex.write(segment);
    if (this.#end > this.#start) duplex.write(this.#cork.subarray(this.#start, this.#end));
    duplex.uncork();
    this.#segments.length = 0;
    this.#segmentBytes = 0;
  }

  /** Lays a header, leaves room for `fixedBytes` and returns their offset. */
  #begin(payloadBytes: number, fixedBytes: number, type: number, generation: number, slot: number): number {
    // Between two frames, so that the buffer is used again instead of a new one.
    if (this.#end - this.#start > corkBytesHigh) this.#write();
    this.#reserve(frameHeaderBytes + fixedBytes);
    if (!this.#scheduled) this.#schedule();
    const cork = this.#cork;
    const at = this.#end;
    writeU32(cork, at, payloadBytes);
    cork[at + 4] = type;
    writeU16(cork, at + 5, generation);
    writeU16(cork, at + 7, slot);
    this.#end = at + frameHeaderBytes + fixedBytes;
    return at + frameHeaderBytes;
  }

  #payload(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    if (length > rpcLimits.copyBytesMax) {
      this.#closeCork();
      this.#segments.push(bytes);
      this.#segmentBytes += length;
      return;
    }
    this.#reserve(length);
    this.#cork.set(bytes, this.#end);
    this.#end += length;
  }

  /** Makes room in the cork buffer. A frame may continue in the next buffer: order is all that counts. */
  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#cork.length) return;
    this.#closeCork();
    this.#cork = Buffer.allocUnsafeSlow(rpcLimits.corkBytes);
    this.#start = 0;
    this.#end = 0;
  }

  #closeCork(): void {
    if (this.#end === this.#start) return;
    this.#segments.push(this.#cork.subarray(this.#start, this.#end));
    this.#segmentBytes += this.#end - this.#start;
    this.#start = this.#end;
  }

  /** At the end of the loop turn: each socket's read is a tick of its own, so the end of a tick would batch nothing. */
  #schedule(): void {
    this.#scheduled = true;
    setImmediate(this.#flushLater);
  }
}

const nothing = Buffer.alloc(0);
/** Leaves room for the copied payloads of one more frame. */
const corkBytesHigh = rpcLimits.corkBytes / 2;

const writeU16 = (buffer: Uint8Array, at: number, value: number): void => {
  buffer[at] = value >>> 8;
  buffer[at + 1] = value;
};

/** The text in UTF-8, cut between characters to at most `bytesMax`. */
const utf8Prefix = (text: string, bytesMax: number): Buffer => {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return bytes;
  let end = bytesMax;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
};
