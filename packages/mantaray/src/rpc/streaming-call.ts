import { MantaError } from "../base/errors.ts";
import { errorFromWire, parseAnswerHead, unpack } from "./call-codec.ts";
import type { CallOptions, LinkSource } from "./call-options.ts";
import { ItemReader } from "./items.ts";
import { rpcLimits } from "./limits.ts";
import { resetError } from "./reset-errors.ts";
import { type OutStream, type OutStreamHandler, openFlags, type ResetCode, resetCodes, streamKinds } from "./types.ts";

/** A streaming call that begins with the first `next`. */
export interface StreamingCall {
  readonly what: string;
  readonly head: Buffer;
  /** Checks and packs the request. */
  readonly body: () => Buffer;
  /** Checks one item of the answer. */
  readonly check: (value: unknown) => unknown;
  readonly source: LinkSource;
  readonly options: CallOptions;
}

type Consumer = { resolve: (result: IteratorResult<unknown>) => void; reject: (error: unknown) => void };

/**
 * The consumer's end of a streaming call. Items wait in a bounded queue: when it is full the stream is
 * paused, and the implementation feels it as back-pressure. `return()`, and so `break`, cancels the call.
 */
export class ItemIterator implements AsyncIterator<unknown>, OutStreamHandler {
  readonly #call: StreamingCall;
  readonly #items: { readonly value: unknown; readonly bytes: number }[] = [];
  #itemsBytes = 0;
  readonly #consumers: Consumer[] = [];
  readonly #reader = new ItemReader((packed, isError) => this.#onItem(packed, isError));
  readonly #onAbort = (): void =>
    this.#stop(resetCodes.canceled, new MantaError("canceled", `${this.#call.what}: the caller canceled`));
  #stream: OutStream | undefined;
  #started = false;
  #over = false;
  #error: MantaError | undefined;

  constructor(call: StreamingCall) {
    this.#call = call;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (!this.#started) {
      this.#started = true;
      void this.#start();
    }
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#itemsBytes -= item.bytes;
      if (!this.#isFull()) this.#stream?.resume();
      return Promise.resolve({ done: false, value: item.value });
    }
    if (this.#over) {
      const error = this.#takeError();
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#consumers.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<unknown>> {
    this.#started = true;
    this.#items.length = 0;
    this.#stop(resetCodes.canceled, undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  onReject(): void {
    this.#finish(new MantaError("unavailable", `${this.#call.what}: the peer takes no calls now`));
  }

  onResponse(head: Buffer, body: Buffer, end: boolean): void {
    const error = parseAnswerHead(head);
    if (error !== undefined) this.#stop(resetCodes.canceled, error);
    else {
      this.onData(body);
      if (end) this.onEnd();
    }
  }

  onData(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#stop(resetCodes.canceled, MantaError.from(error));
    }
    if (this.#isFull()) this.#stream?.pause();
  }

  onEnd(): void {
    const torn = this.#reader.torn
      ? new MantaError("protocol_error", `${this.#call.what}: the last item is cut off`)
      : undefined;
    this.#finish(torn);
  }

  onReset(code: ResetCode, message: string): void {
    this.#finish(resetError(this.#call.what, code, message));
  }

  onWritable(): void {}

  async #start(): Promise<void> {
    const { what, head, source, options } = this.#call;
    try {
      if (options.signal?.aborted === true) throw new MantaError("canceled", `${what}: the caller canceled`);
      options.signal?.addEventListener("abort", this.#onAbort, { once: true });
      const body = this.#call.body();
      const link = await source(options.timeoutMs ?? rpcLimits.callTimeoutMs, options.signal);
      if (this.#over) return;
      this.#stream = link.open(streamKinds.call, openFlags.end, options.timeoutMs ?? 0, head, body, this);
    } catch (error) {
      this.#finish(MantaError.from(error));
    }
  }

  #isFull(): boolean {
    return this.#items.length >= rpcLimits.streamItemsHigh || this.#itemsBytes >= rpcLimits.streamItemsBytesHigh;
  }

  #onItem(packed: Buffer, isError: boolean): void {
    if (this.#over) return;
    const value = unpack(packed);
    if (isError) return this.#stop(resetCodes.canceled, errorFromWire(value));
    const item = this.#call.check(value);
    const consumer = this.#consumers.shift();
    if (consumer !== undefined) return consumer.resolve({ done: false, value: item });
    this.#items.push({ value: item, bytes: packed.length });
    this.#itemsBytes += packed.length;
  }

  /** Ends it from this side. */
  #stop(code: ResetCode, error: MantaError | undefined): void {
    this.#stream?.reset(code, "the consumer is done");
    this.#finish(error);
  }

  #finish(error: MantaError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#call.options.signal?.removeEventListener("abort", this.#onAbort);
    for (const { resolve, reject } of this.#consumers.splice(0)) {
      const last = this.#takeError();
      if (last === undefined) resolve({ done: true, value: undefined });
      else reject(last);
    }
  }

  /** It is told once; after it comes the end. */
  #takeError(): MantaError | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }
}
