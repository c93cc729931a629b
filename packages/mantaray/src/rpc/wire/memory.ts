import { Duplex } from "node:stream";
import type { Wire } from "./wire.ts";

/** Two ends of a wire in memory. */
export const memoryWires = (): [Wire, Wire] => {
  const a = new MemoryEnd();
  const b = new MemoryEnd();
  a.peer = b;
  b.peer = a;
  return [memoryWire(a), memoryWire(b)];
};

const memoryWire = (end: MemoryEnd): Wire => {
  const wire: Wire = {
    duplex: end,
    onChunk: () => {},
    close: () => {
      if (end.writableLength === 0) end.destroy();
      else end.end(() => end.destroy());
    },
  };
  end.on("data", (chunk: Buffer) => {
    wire.onChunk(chunk);
    // As on a real socket, whose read buffer is used again: who kept a view sees it here at once.
    chunk.fill(0xdb);
  });
  return wire;
};

/** Behaves like a socket: bytes are copied, arrive in a later turn, and a full buffer holds the writer. */
class MemoryEnd extends Duplex {
  peer: MemoryEnd | undefined;
  #inFlight: Buffer[] = [];
  #inFlightBytes = 0;
  #scheduled = false;
  #onRoom: (() => void) | undefined;
  #finished = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#inFlight.push(Buffer.from(chunk));
    this.#inFlightBytes += chunk.length;
    this.#schedule();
    if (this.#inFlightBytes < bufferBytes) callback();
    else this.#onRoom = callback;
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#finished = true;
    this.#schedule();
    callback();
  }

  override _read(): void {}

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#finished = true;
    this.#schedule();
    callback(error);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    const chunks = this.#inFlight;
    this.#inFlight = [];
    this.#inFlightBytes = 0;
    const peer = this.peer;
    for (const chunk of chunks) {
      if (peer !== undefined && !peer.destroyed) peer.push(chunk);
    }
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
    if (this.#finished && this.#inFlight.length === 0 && peer !== undefined && !peer.destroyed) peer.push(null);
  }
}

/** As much as a unix socket of Linux takes before it blocks its writer. */
const bufferBytes = 208 * 1024;
