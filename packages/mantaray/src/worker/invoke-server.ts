import { packValue, unpackValue } from "../actor/invoke-codec.ts";
import { MantaError } from "../base/errors.ts";
import { type InvokeHead, invokeHeadSchema, type ResultHead } from "../protocol/handle-frames.ts";
import { type InStream, type InStreamHandler, resetCodes, type StreamAcceptor } from "../rpc/types.ts";
import { ChunkSender } from "./chunk-sender.ts";
import { workerLimits } from "./limits.ts";

/** Does one call; may return a promise, or for `head.stream` an iterable of values. */
export type Invoke = (head: InvokeHead, args: readonly unknown[]) => unknown;

/** Answers streams of kind `invoke` by a function, and counts what is under way. */
export class InvokeServer {
  readonly #invoke: Invoke;
  readonly #ongoing = new Set<Promise<void>>();
  #draining = false;

  constructor(invoke: Invoke) {
    this.#invoke = invoke;
  }

  /** For `Link.accept`. */
  readonly acceptor: StreamAcceptor = (stream, headBytes, body, end) => {
    if (this.#draining) {
      stream.reject(this.#ongoing.size);
      return null;
    }
    const head = readHead(headBytes);
    if (head === undefined) {
      stream.reset(resetCodes.protocolError, "malformed head of a call");
      return null;
    }
    const call = new Call(stream, head, this.#invoke, body, end);
    void this.#track(call.done);
    return call;
  };

  /** Takes no more calls; resolves when none is under way or the grace is over. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    const bound = AbortSignal.timeout(Math.max(1, Math.ceil(graceMs)));
    const expired = new Promise<void>((resolve) => bound.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([Promise.allSettled(this.#ongoing), expired]);
  }

  async #track(done: Promise<void>): Promise<void> {
    this.#ongoing.add(done);
    await done;
    this.#ongoing.delete(done);
  }
}

/** One call: gathers the arguments, runs, answers. */
class Call implements InStreamHandler {
  readonly done: Promise<void>;
  readonly #finished = Promise.withResolvers<void>();
  readonly #stream: InStream;
  readonly #head: InvokeHead;
  readonly #invoke: Invoke;
  readonly #sender: ChunkSender;
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;
  #complete: boolean;
  #canceled = false;

  constructor(stream: InStream, head: InvokeHead, invoke: Invoke, body: Buffer, end: boolean) {
    this.done = this.#finished.promise;
    this.#stream = stream;
    this.#head = head;
    this.#invoke = invoke;
    this.#sender = new ChunkSender(stream);
    this.#complete = end;
    this.#keep(body);
  }

  onStart(): void {
    if (this.#complete) void this.#run();
  }

  onData(chunk: Buffer): void {
    this.#keep(chunk);
    if (this.#bodyBytes <= workerLimits.invokeBodyBytesMax) return;
    this.#stream.reset(resetCodes.tooLarge, `arguments over ${workerLimits.invokeBodyBytesMax} bytes`);
    this.#finish();
  }

  onEnd(): void {
    if (this.#complete) return;
    this.#complete = true;
    void this.#run();
  }

  onReset(): void {
    this.#finish();
  }

  onWritable(): void {
    this.#sender.onWritable();
  }

  #finish(): void {
    this.#canceled = true;
    this.#sender.cancel();
    this.#finished.resolve();
  }

  /** Copied: it is a view of the link's read buffer. */
  #keep(chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (chunk.length > 0) this.#body.push(Buffer.from(chunk));
  }

  async #run(): Promise<void> {
    try {
      const args = this.#bodyBytes === 0 ? [] : unpackValue(Buffer.concat(this.#body));
      if (!Array.isArray(args)) throw new MantaError("protocol_error", "the arguments of a call must be a list");
      const result = await this.#invoke(this.#head, args as unknown[]);
      if (this.#head.stream) await this.#answerStream(result);
      else await this.#answer({ ok: true }, result);
    } catch (error) {
      await this.#answerError(error);
    } finally {
      this.#finished.resolve();
    }
  }

  async #answer(head: ResultHead, value: unknown): Promise<void> {
    const body = packValue(value);
    if (!this.#canceled) await this.#sender.respond(packValue(head), body);
  }

  async #answerStream(values: unknown): Promise<void> {
    if (!isIterable(values)) {
      throw new MantaError("invalid_argument", `${this.#head.method} was called as a stream and returned no iterable`);
    }
    const head: ResultHead = { ok: true };
    this.#sender.open(packValue(head));
    for await (const value of values) {
      // Leaving the loop ends the generator as well.
      if (this.#canceled) return;
      await this.#sender.write(packValue(value));
    }
    if (!this.#canceled) this.#stream.end();
  }

  async #answerError(thrown: unknown): Promise<void> {
    if (this.#canceled) return;
    const error = MantaError.from(thrown, "user_error");
    // The head of a stream may have gone out already: then only the reset is left.
    if (this.#head.stream && this.#sender.started) {
      this.#stream.reset(resetCodes.internal, error.message);
      return;
    }
    await this.#answer({ ok: false, error: error.toWire() }, undefined);
  }
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);

const readHead = (bytes: Buffer): InvokeHead | undefined => {
  try {
    return invokeHeadSchema.parse(unpackValue(bytes));
  } catch {
    // The caller hears of it by the reset.
    return undefined;
  }
};
