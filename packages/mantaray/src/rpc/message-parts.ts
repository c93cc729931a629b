import { limits } from "../base/limits.ts";

/** A message that comes in parts, bounded by `limits.controlMessageBytesMax`. */
export class MessageParts {
  #parts: Buffer[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies the part. False: the message is over the limit. */
  add(part: Buffer): boolean {
    if (this.#bytes + part.length > limits.controlMessageBytesMax) return false;
    this.#bytes += part.length;
    if (part.length > 0) this.#parts.push(Buffer.from(part));
    return true;
  }

  /** The whole message, in memory of its own. */
  take(): Buffer {
    const whole = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    return whole;
  }
}
