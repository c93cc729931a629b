/** Body bytes held by all requests of a process together, against one limit. */
export interface HeldBytes {
  bytes: number;
  readonly bytesMax: number;
}

/**
 * The body of one streaming request: what still has to be sent, and, as long as it fits and is of use,
 * what was sent already, so that another replica can get it from the start.
 */
export class HeldBody {
  readonly #total: HeldBytes;
  readonly #bytesMax: number;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  /** Next chunk to send. */
  #position = 0;
  #replayable = true;
  /** No more chunks come. */
  ended = false;

  constructor(total: HeldBytes, bytesMax: number) {
    this.#total = total;
    this.#bytesMax = bytesMax;
  }

  /** All bytes so far can be sent again. */
  get replayable(): boolean {
    return this.#replayable;
  }

  /** Held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Everything there is was sent. */
  get drained(): boolean {
    return this.#position === this.#chunks.length;
  }

  /** Takes a chunk over. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#total.bytes += chunk.length;
  }

  /** The next chunk to send, or undefined when there is none for now. Past the limit, what was sent is let go. */
  next(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#position];
    if (chunk === undefined) return undefined;
    this.#position += 1;
    const fits = this.#bytes <= this.#bytesMax && this.#total.bytes <= this.#total.bytesMax;
    if (!fits || !this.#replayable) this.forgetSent();
    return chunk;
  }

  /** Another replica gets it from the start: only when `replayable`. */
  rewind(): void {
    this.#position = 0;
  }

  /** Keeps only what is not sent yet: no replay from here on. */
  forgetSent(): void {
    this.#replayable = false;
    for (const chunk of this.#chunks.splice(0, this.#position)) {
      this.#bytes -= chunk.length;
      this.#total.bytes -= chunk.length;
    }
    this.#position = 0;
  }

  release(): void {
    this.#position = this.#chunks.length;
    this.forgetSent();
  }
}
