import { checkFrame, frameHeaderBytes, frameTypes, fromAcceptor, readU16, readU32 } from "./frames.ts";

/** Who takes the frames of a reader. */
export interface FrameSink {
  /** One frame; its payload is `buffer[start, end)`, valid only during the call. */
  onFrame(type: number, generation: number, slot: number, buffer: Buffer, start: number, end: number): void;
  /** Whether DATA of this stream is a run of bytes that may be handed over in parts. */
  takesParts(type: number, generation: number, slot: number): boolean;
  /** No more frames, not even of the chunk at hand. */
  readonly closed: boolean;
}

/**
 * Cuts the bytes of a socket into frames. Whole frames are handed over as views of the chunk they came in;
 * only one that straddles two chunks is put together, and DATA of byte streams not even then.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** Bytes of a frame that is not complete, from offset 0. */
  #carry: Buffer = Buffer.allocUnsafeSlow(carryBytesInitial);
  #carried = 0;
  /** Left of a DATA frame that is handed over in parts. */
  #partBytes = 0;
  #partType = 0;
  #partGeneration = 0;
  #partSlot = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Throws `FrameViolation` when the bytes are not frames. */
  push(chunk: Buffer): void {
    let at = 0;
    if (this.#partBytes > 0) at = this.#continuePart(chunk, 0);
    else if (this.#carried > 0) at = this.#completeCarried(chunk);
    const sink = this.#sink;
    while (at + frameHeaderBytes <= chunk.length && !sink.closed) {
      const payloadBytes = readU32(chunk, at);
      const type = chunk[at + 4] as number;
      checkFrame(type, payloadBytes);
      const generation = readU16(chunk, at + 5);
      const slot = readU16(chunk, at + 7);
      const start = at + frameHeaderBytes;
      const end = start + payloadBytes;
      if (end > chunk.length) {
        if ((type & ~fromAcceptor) !== frameTypes.data || !sink.takesParts(type, generation, slot)) break;
        this.#beginPart(type, generation, slot, payloadBytes);
        this.#continuePart(chunk, start);
        return;
      }
      sink.onFrame(type, generation, slot, chunk, start, end);
      at = end;
    }
    if (at < chunk.length && !sink.closed) this.#carryOver(chunk, at);
  }

  #beginPart(type: number, generation: number, slot: number, payloadBytes: number): void {
    this.#partType = type;
    this.#partGeneration = generation;
    this.#partSlot = slot;
    this.#partBytes = payloadBytes;
  }

  /** Returns the offset behind what it took. */
  #continuePart(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#partBytes);
    this.#partBytes -= end - at;
    if (end > at) this.#sink.onFrame(this.#partType, this.#partGeneration, this.#partSlot, chunk, at, end);
    return end;
  }

  /** Adds what the carried frame lacks and hands it over. Returns the offset behind what it took. */
  #completeCarried(chunk: Buffer): number {
    let at = this.#fill(chunk, 0, frameHeaderBytes);
    if (this.#carried < frameHeaderBytes) return at;
    const payloadBytes = readU32(this.#carry, 0);
    const type = this.#carry[4] as number;
    checkFrame(type, payloadBytes);
    const generation = readU16(this.#carry, 5);
    const slot = readU16(this.#carry, 7);
    // Only the header straddled: from here on parts may leave as they come.
    const mayPart = this.#carried === frameHeaderBytes && (type & ~fromAcceptor) === frameTypes.data;
    if (mayPart && at + payloadBytes > chunk.length && this.#sink.takesParts(type, generation, slot)) {
      this.#carried = 0;
      this.#beginPart(type, generation, slot, payloadBytes);
      return this.#continuePart(chunk, at);
    }
    const frameBytes = frameHeaderBytes + payloadBytes;
    at = this.#fill(chunk, at, frameBytes);
    if (this.#carried < frameBytes) return at;
    // Emptied first: the sink may throw.
    this.#carried = 0;
    const frame = this.#carry;
    if (frame.length > carryBytesKept) this.#carry = Buffer.allocUnsafeSlow(carryBytesInitial);
    this.#sink.onFrame(type, generation, slot, frame, frameHeaderBytes, frameBytes);
    return at;
  }

  /** Carries bytes of the chunk until `targetBytes` are there. Returns the offset behind them. */
  #fill(chunk: Buffer, at: number, targetBytes: number): number {
    if (this.#carried >= targetBytes) return at;
    if (this.#carry.length < targetBytes) {
      const grown = Buffer.allocUnsafeSlow(targetBytes);
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    const end = Math.min(chunk.length, at + targetBytes - this.#carried);
    this.#carried += chunk.copy(this.#carry, this.#carried, at, end);
    return end;
  }

  #carryOver(chunk: Buffer, at: number): void {
    const frameBytes = chunk.length - at < frameHeaderBytes ? frameHeaderBytes : frameHeaderBytes + readU32(chunk, at);
    this.#fill(chunk, at, frameBytes);
  }
}

/** Most straddling frames are small. */
const carryBytesInitial = 1024;
/** A larger buffer is not kept for the next frame: there may be thousands of links. */
const carryBytesKept = 128 * 1024;
