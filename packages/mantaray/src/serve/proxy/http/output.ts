import type { Socket } from "node:net";

/** Up to here several pieces are joined into one write; longer ones go out as a vector. */
const joinBytesMax = 64 * 1024;

/** What a connection has to send: pieces gathered during one turn of the loop leave in one write. */
export class Output {
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #waiting = 0;
  #waitingSinceMs = 0;
  #flushQueued = false;
  readonly #socket: Socket;
  readonly #onRoom: () => void;

  /** `onRoom`: after a flush by `flushSoon`, when more may be pushed. */
  constructor(socket: Socket, onRoom: () => void) {
    this.#socket = socket;
    this.#onRoom = onRoom;
  }

  /** Takes the piece over. */
  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
  }

  /** Bytes that are not with the kernel. */
  get pendingBytes(): number {
    return this.#pieceBytes + this.#socket.writableLength;
  }

  /** Enough waits already: the socket's high-water mark is the front's limit. */
  get full(): boolean {
    return this.pendingBytes >= this.#socket.writableHighWaterMark;
  }

  /** At the end of this tick: the pieces of a stream that come together leave together. */
  flushSoon(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    process.nextTick(() => {
      this.#flushQueued = false;
      this.flush();
      if (!this.full) this.#onRoom();
    });
  }

  flush(): void {
    const pieces = this.#pieces;
    const only = pieces[0];
    if (only === undefined) return;
    const bytes = this.#pieceBytes;
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (pieces.length === 1) this.#socket.write(only);
    else if (bytes <= joinBytesMax) this.#socket.write(Buffer.concat(pieces, bytes));
    else {
      this.#socket.cork();
      for (const piece of pieces) this.#socket.write(piece);
      this.#socket.uncork();
    }
  }

  /** For how long something has been waiting and nothing has left, as far as successive calls can tell. */
  stalledMs(nowMs: number): number {
    // A long write shrinks inside the handle before the stream hears of it.
    const handle = (this.#socket as unknown as { readonly _handle?: { readonly writeQueueSize?: number } | null })
      ._handle;
    const waiting = this.pendingBytes === 0 ? 0 : this.pendingBytes + (handle?.writeQueueSize ?? 0);
    if (waiting === 0 || waiting !== this.#waiting) this.#waitingSinceMs = nowMs;
    this.#waiting = waiting;
    return nowMs - this.#waitingSinceMs;
  }
}
