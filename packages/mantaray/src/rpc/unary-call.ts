import { MantaError } from "../base/errors.ts";
import { parseAnswerHead, tooLarge, unpack } from "./call-codec.ts";
import { MessageParts } from "./message-parts.ts";
import { NeverStarted } from "./never-started.ts";
import { resetError } from "./reset-errors.ts";
import {
  type Link,
  type OutStream,
  type OutStreamHandler,
  openFlags,
  type ResetCode,
  resetCodes,
  streamKinds,
} from "./types.ts";

/** One call with one answer, ready to send. */
export interface UnaryCall {
  readonly link: Link;
  /** Service and method, for errors. */
  readonly what: string;
  readonly head: Buffer;
  readonly body: Buffer;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Sends a call and gives its unpacked answer. */
export const unaryCall = (call: UnaryCall): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const { signal, what } = call;
    const answer = new Answer(call, (settle) => {
      signal?.removeEventListener("abort", onAbort);
      try {
        resolve(settle());
      } catch (error) {
        reject(error);
      }
    });
    const onAbort = (): void => answer.cancel();
    if (signal?.aborted === true) {
      reject(new MantaError("canceled", `${what}: the caller canceled`));
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    answer.open();
  });

/** Collects the answer and settles once, by a function that gives the value or throws. */
class Answer implements OutStreamHandler {
  readonly #call: UnaryCall;
  readonly #settle: (settle: () => unknown) => void;
  readonly #parts = new MessageParts();
  #stream: OutStream | undefined;
  #error: MantaError | undefined;

  constructor(call: UnaryCall, settle: (settle: () => unknown) => void) {
    this.#call = call;
    this.#settle = settle;
  }

  open(): void {
    const { link, timeoutMs, head, body } = this.#call;
    try {
      this.#stream = link.open(streamKinds.call, openFlags.end, timeoutMs, head, body, this);
    } catch (error) {
      const { code, rawMessage } = MantaError.from(error);
      this.#fail(new NeverStarted(code, `${this.#call.what}: ${rawMessage}`, { cause: error }));
    }
  }

  cancel(): void {
    this.#stream?.reset(resetCodes.canceled, "the caller canceled");
    this.#fail(new MantaError("canceled", `${this.#call.what}: the caller canceled`));
  }

  onReject(): void {
    this.#fail(new MantaError("unavailable", `${this.#call.what}: the peer takes no calls now`));
  }

  onResponse(head: Buffer, body: Buffer, end: boolean): void {
    try {
      this.#error = parseAnswerHead(head);
    } catch (error) {
      this.#error = MantaError.from(error);
    }
    this.onData(body);
    if (end) this.onEnd();
  }

  onData(chunk: Buffer): void {
    if (this.#parts.add(chunk)) return;
    this.#stream?.reset(resetCodes.tooLarge, "the answer is too large");
    this.#fail(tooLarge(this.#call.what, this.#parts.bytes + chunk.length));
  }

  onEnd(): void {
    const error = this.#error;
    if (error !== undefined) this.#fail(error);
    else this.#settle(() => unpack(this.#parts.take()));
  }

  onReset(code: ResetCode, message: string, accepted: boolean): void {
    const isDeadline = code === resetCodes.deadlineExceeded;
    const text = isDeadline ? `no answer within ${Math.round(this.#call.timeoutMs)} ms` : message;
    const error = resetError(this.#call.what, code, text);
    this.#fail(accepted ? error : new NeverStarted(error.code, error.rawMessage));
  }

  onWritable(): void {}

  #fail(error: MantaError): void {
    this.#settle(() => {
      throw error;
    });
  }
}
