import type { Socket } from "node:net";
import { HeldBytes } from "./held-bytes.ts";
import type { HttpFrontLimits } from "./limits.ts";

/** What has come of a connection and waits for its turn, and whether more of it is read. */
export class Intake {
  readonly held = new HeldBytes();
  /** Of a connection that ends. */
  discardedBytes = 0;
  readonly #socket: Socket;
  readonly #limits: HttpFrontLimits;

  constructor(socket: Socket, limits: HttpFrontLimits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  /** What waits is dropped from here on. */
  discard(): void {
    this.discardedBytes = this.held.length;
    this.held.clear();
  }

  /** Reads the socket while what comes can be used or held. A waiting exchange is read on, to see its client leave. */
  updateFlow(discards: boolean, paused: boolean): void {
    const { discardBytesMax, readAheadBytesMax } = this.#limits;
    const wanted = discards ? this.discardedBytes < discardBytesMax : this.held.length < readAheadBytesMax && !paused;
    if (wanted !== this.#socket.isPaused()) return;
    if (wanted) this.#socket.resume();
    else this.#socket.pause();
  }
}
