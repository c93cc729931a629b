/** A request head that came in more than one read. It grows by doubling, so that drips cost no more than a rush. */
export class HeadBuffer {
  #bytes: Buffer | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (this.#bytes === undefined || this.#bytes.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, 2 * length));
      this.#bytes?.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#length, from, to);
    this.#length = length;
  }

  /** What was gathered, with `[from, to)` of `chunk` behind it. Empties the buffer. */
  take(chunk: Buffer, from: number, to: number): Buffer {
    this.append(chunk, from, to);
    const bytes = this.#bytes?.subarray(0, this.#length) ?? Buffer.alloc(0);
    this.#bytes = undefined;
    this.#length = 0;
    return bytes;
  }

  /** Whether the request line is complete within what was gathered and `[from, to)` of `chunk`. */
  hasLine(chunk: Buffer, from: number, to: number): boolean {
    return this.#bytes?.subarray(0, this.#length).includes(10) === true || chunk.subarray(from, to).includes(10);
  }
}
