import { MantaError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { pack } from "./call-codec.ts";
import { readU32 } from "./frames.ts";
import { MessageParts } from "./message-parts.ts";

/**
 * The body of a streaming call's answer: items, each `u32 length | packed value`. The highest bit of the
 * length marks an error, which ends the stream.
 */
const errorBit = 0x80000000;
const prefixBytes = 4;

export const layItem = (packed: Buffer): Buffer => lay(packed, 0);

export const layError = (error: MantaError): Buffer => lay(pack(error.toWire()), errorBit);

const lay = (packed: Buffer, mark: number): Buffer => {
  const item = Buffer.allocUnsafe(prefixBytes + packed.length);
  item.writeUInt32BE(packed.length + mark, 0);
  item.set(packed, prefixBytes);
  return item;
};

/** Cuts DATA into items. Each is handed over in memory of its own. */
export class ItemReader {
  readonly #onItem: (packed: Buffer, isError: boolean) => void;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixLength = 0;
  #itemBytes = 0;
  #isError = false;
  #parts = new MessageParts();

  constructor(onItem: (packed: Buffer, isError: boolean) => void) {
    this.#onItem = onItem;
  }

  /** Throws `payload_too_large` for an item over the limit. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#prefixLength < prefixBytes) {
        at += this.#readPrefix(chunk, at);
        if (this.#prefixLength < prefixBytes) return;
      }
      const end = Math.min(chunk.length, at + this.#itemBytes - this.#parts.bytes);
      this.#parts.add(chunk.subarray(at, end));
      at = end;
      if (this.#parts.bytes < this.#itemBytes) return;
      this.#prefixLength = 0;
      this.#onItem(this.#parts.take(), this.#isError);
    }
  }

  /** The stream ended within an item. */
  get torn(): boolean {
    return this.#prefixLength > 0;
  }

  #readPrefix(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#prefix, this.#prefixLength, at, at + prefixBytes - this.#prefixLength);
    this.#prefixLength += taken;
    if (this.#prefixLength < prefixBytes) return taken;
    const marked = readU32(this.#prefix, 0);
    this.#isError = marked >= errorBit;
    this.#itemBytes = this.#isError ? marked - errorBit : marked;
    if (this.#itemBytes > limits.controlMessageBytesMax) {
      throw new MantaError("payload_too_large", `an item of ${this.#itemBytes} bytes is over the limit`);
    }
    return taken;
  }
}
