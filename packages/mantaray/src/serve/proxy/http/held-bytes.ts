/** Bytes that were read but cannot be used yet, in order of arrival. */
export class HeldBytes {
  #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** All of them as one buffer; none are held after. */
  take(): Buffer {
    const [only] = this.#pieces;
    const bytes = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces, this.#length);
    this.clear();
    return bytes;
  }

  clear(): void {
    if (this.#length === 0) return;
    this.#pieces = [];
    this.#length = 0;
  }
}
