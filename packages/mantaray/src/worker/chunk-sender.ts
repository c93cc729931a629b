import { limits } from "../base/limits.ts";
import type { InStream } from "../rpc/types.ts";

/** Sends an answer's body in frames, as fast as its reader takes them. */
export class ChunkSender {
  /** An answer has begun. */
  started = false;
  readonly #stream: InStream;
  #canceled = false;
  #wake: (() => void) | undefined;

  constructor(stream: InStream) {
    this.#stream = stream;
  }

  /** The whole answer; resolves when the link has it. */
  async respond(head: Uint8Array, body: Uint8Array): Promise<void> {
    if (body.length <= limits.dataFrameBytesMax) {
      this.started = true;
      this.#stream.respond(head, body, true);
      return;
    }
    this.open(head);
    for (let sent = 0; sent < body.length && !this.#canceled; sent += limits.dataFrameBytesMax) {
      await this.write(body.subarray(sent, sent + limits.dataFrameBytesMax));
    }
    if (!this.#canceled) this.#stream.end();
  }

  /** The head of an answer whose body follows by `write`. */
  open(head: Uint8Array): void {
    this.started = true;
    this.#stream.respond(head, null, false);
  }

  /** One frame; resolves when there is room for the next. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#canceled || this.#stream.write(chunk)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  onWritable(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Nobody reads any more: whoever waits goes on, to its end. */
  cancel(): void {
    this.#canceled = true;
    this.onWritable();
  }
}
