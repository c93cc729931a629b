import { MantaError } from "../../../base/errors.ts";
import type { InStream } from "../../../rpc/types.ts";
import { replicaLimits } from "../limits.ts";
import type { ChunkIterator } from "./handler-answer.ts";

/** What a body in pieces needs of its call. */
export interface StreamedAnswerHost {
  readonly stream: InStream;
  /** Sends the head with the first bytes. `bytes`: the whole body's length where it is known, else -1. */
  respond(bytes: number, body: Uint8Array, end: boolean): void;
  /** Nothing was sent yet. */
  failBeforeHead(error: unknown): void;
  /** The head is out: only a cut is honest. */
  failAfterHead(error: unknown): void;
}

/**
 * Sends a body in pieces at the client's pace. What is complete within the loop turn goes out as one frame
 * with its length; else the head leaves at the end of the turn, whether or not a piece has come.
 */
export class StreamedAnswer {
  readonly #host: StreamedAnswerHost;
  readonly #chunks: ChunkIterator;
  /** The application's own `content-length`, or -1. */
  #declaredBytes: number;
  #gathered: Uint8Array[] = [];
  #bytes = 0;
  #headSent = false;
  #canceled = false;
  #headTimer: NodeJS.Immediate | undefined;
  #onWritable: (() => void) | undefined;

  constructor(host: StreamedAnswerHost, chunks: ChunkIterator, declaredBytes: number) {
    this.#host = host;
    this.#chunks = chunks;
    this.#declaredBytes = declaredBytes;
  }

  /** Resolves when all is sent, or nothing more will be. Never rejects. */
  async run(): Promise<void> {
    this.#headTimer = setImmediate(() => this.#sendHead());
    try {
      for (;;) {
        const { done, value } = await this.#chunks.next();
        if (this.#canceled) return;
        if (done === true) break;
        const chunk = bytesOf(value);
        this.#bytes += chunk.length;
        this.#checkLength(this.#bytes > this.#declaredBytes);
        if (this.#headSent) await this.#write(chunk);
        else this.#gather(chunk);
        if (this.#canceled) return;
      }
      this.#finish();
    } catch (error) {
      this.#fail(error);
    } finally {
      clearImmediate(this.#headTimer);
    }
  }

  /** The client is gone: the source ends, and `run` with it. */
  cancel(reason: Error): void {
    if (this.#canceled) return;
    this.#canceled = true;
    this.#onWritable?.();
    // What the source says to that is nobody's business any more.
    this.#chunks.cancel(reason).catch(() => undefined);
  }

  onWritable(): void {
    const resume = this.#onWritable;
    this.#onWritable = undefined;
    resume?.();
  }

  #gather(chunk: Uint8Array): void {
    this.#gathered.push(chunk);
    if (this.#bytes >= replicaLimits.gatheredBodyBytesMax) this.#sendHead();
  }

  #sendHead(): void {
    if (this.#headSent || this.#canceled) return;
    this.#headSent = true;
    if (this.#bytes > this.#declaredBytes) this.#declaredBytes = -1;
    try {
      this.#host.respond(this.#declaredBytes, Buffer.concat(this.#gathered), false);
    } catch (error) {
      this.cancel(MantaError.from(error));
      this.#host.failBeforeHead(error);
    }
    this.#gathered = [];
  }

  async #write(chunk: Uint8Array): Promise<void> {
    if (this.#host.stream.write(chunk)) return;
    await new Promise<void>((resolve) => {
      this.#onWritable = resolve;
    });
  }

  #finish(): void {
    if (!this.#headSent) {
      this.#headSent = true;
      this.#host.respond(this.#bytes, Buffer.concat(this.#gathered), true);
      return;
    }
    this.#checkLength(this.#bytes < this.#declaredBytes);
    this.#host.stream.end();
  }

  #checkLength(wrong: boolean): void {
    if (!wrong || this.#declaredBytes < 0 || !this.#headSent) return;
    throw new MantaError(
      "user_error",
      `the body of a response has ${this.#bytes} bytes and its content-length says ${this.#declaredBytes}`,
    );
  }

  #fail(error: unknown): void {
    if (this.#canceled) return;
    const headSent = this.#headSent;
    this.cancel(MantaError.from(error));
    if (headSent) this.#host.failAfterHead(error);
    else this.#host.failBeforeHead(error);
  }
}

/** Text as UTF-8, bytes as they are, anything else as a line of JSON. */
export const bytesOf = (value: unknown): Uint8Array => {
  if (typeof value === "string") return Buffer.from(value);
  // A copy: the source may use its memory again while ours waits to be sent.
  if (value instanceof Uint8Array) return Buffer.from(value);
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new MantaError("user_error", `a body cannot have a piece that is a ${typeof value}`);
  return Buffer.from(`${text}\n`);
};
