import { unpackValue } from "../../actor/index.ts";
import { MantaError, type WireError } from "../../base/errors.ts";
import { type ResultHead, recordKinds, resultHeadSchema } from "../../protocol/handle-frames.ts";
import { streamKinds } from "../../rpc/types.ts";
import type { DeploymentResponse, DeploymentResponseStream } from "../api/handle.ts";
import type { OutboundCall, OutboundRequest, RequestFailure } from "../routing/index.ts";
import { replicaLimits } from "./limits.ts";
import { ValueQueue } from "./value-queue.ts";
import { RecordReader } from "./value-records.ts";

/** What is sent of a call. */
export interface PreparedCall {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly repeatable: boolean;
  /** On the router's clock; 0 for none. */
  readonly deadlineMs: number;
}

const nothing = new Uint8Array();

/**
 * One handle call at its caller: a request to the router on one side, a promise (or stream of values) on
 * the other. The answer says which of the two it is.
 */
export class HandleCall implements OutboundRequest {
  readonly kind = streamKinds.invoke;
  readonly requestId: string;
  head: Uint8Array = nothing;
  body: Uint8Array | null = null;
  readonly bodyEnded = true;
  repeatable = false;
  deadlineMs = 0;
  call: OutboundCall | undefined = undefined;
  readonly response: DeploymentResponse<unknown> & DeploymentResponseStream<unknown>;
  /** Runs once, when the call is over. */
  onSettled: (() => void) | undefined;
  readonly #promise = Promise.withResolvers<unknown>();
  #parts: Buffer[] = [];
  #bytes = 0;
  #records: RecordReader | undefined;
  #values: ValueQueue | undefined;
  #settled = false;

  constructor(requestId: string) {
    this.requestId = requestId;
    this.response = Object.assign(this.#promise.promise, {
      requestId,
      cancel: (): void => this.cancel(),
      [Symbol.asyncIterator]: (): AsyncIterator<unknown, void, undefined> => this.#iterate(),
    });
  }

  /** Answered, failed or canceled. */
  get settled(): boolean {
    return this.#settled;
  }

  prepare(prepared: PreparedCall): void {
    this.head = prepared.head;
    this.body = prepared.body;
    this.repeatable = prepared.repeatable;
    this.deadlineMs = prepared.deadlineMs;
  }

  /** Nobody wants the answer. */
  cancel(): void {
    if (this.#settled) return;
    this.call?.cancel();
    this.fail(new MantaError("canceled", `call ${this.requestId} was canceled`));
  }

  /** Ends it with an error. */
  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#promise.reject(error);
    this.#values?.fail(error);
  }

  // The router's side

  onBodyWanted(): void {}

  onRetry(): void {}

  onResponse(head: Buffer, body: Buffer, end: boolean): void {
    try {
      const result = readResultHead(head);
      if (!result.ok) throw errorFromWire(result.error);
      if (result.stream === true) this.#beginValues();
      this.#take(body);
      if (end) this.#finish();
    } catch (error) {
      this.#abandon(error);
    }
  }

  onData(chunk: Buffer): void {
    try {
      this.#take(chunk);
    } catch (error) {
      this.#abandon(error);
    }
  }

  onEnd(): void {
    try {
      this.#finish();
    } catch (error) {
      this.fail(error);
    }
  }

  onFailure(failure: RequestFailure): void {
    this.fail(new MantaError(failure.code, failure.message));
  }

  /** The answer makes no sense, or is an error: what else may come of it is of no use. */
  #abandon(error: unknown): void {
    this.call?.cancel();
    this.fail(error);
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0 || this.#settled) return;
    if (this.#records !== undefined) {
      this.#records.push(chunk, (kind, packed) => {
        if (kind === recordKinds.error) throw errorFromWire(unpackValue(packed));
        this.#values?.push(unpackValue(packed));
      });
      return;
    }
    this.#bytes += chunk.length;
    if (this.#bytes > replicaLimits.valueBytesMax) {
      throw new MantaError("payload_too_large", `an answer is over ${replicaLimits.valueBytesMax} bytes`);
    }
    this.#parts.push(Buffer.from(chunk));
  }

  #finish(): void {
    if (this.#settled) return;
    if (this.#records !== undefined) {
      if (this.#records.incomplete) throw new MantaError("protocol_error", "a streamed answer ended within a value");
      this.#settle();
      this.#values?.end();
      return;
    }
    const value =
      this.#bytes === 0
        ? undefined
        : unpackValue(this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts));
    this.#settle();
    this.#promise.resolve(value);
    this.#values?.fail(new MantaError("invalid_argument", "the method returned a value, not a stream: await the call"));
  }

  #settle(): void {
    this.#settled = true;
    this.#parts = [];
    this.onSettled?.();
    this.onSettled = undefined;
  }

  #beginValues(): void {
    this.#records = new RecordReader();
    const values = this.#valueQueue();
    // For who awaited the call before iterating over it.
    this.#promise.resolve({ [Symbol.asyncIterator]: () => values });
  }

  #iterate(): ValueQueue {
    // Errors reach the loop; the promise is not looked at.
    this.#promise.promise.catch(() => undefined);
    return this.#valueQueue();
  }

  #valueQueue(): ValueQueue {
    this.#values ??= new ValueQueue({
      pause: () => this.call?.pause(),
      resume: () => this.call?.resume(),
      abandoned: () => this.cancel(),
    });
    return this.#values;
  }
}

const readResultHead = (bytes: Buffer): ResultHead => {
  const head = resultHeadSchema.safeParse(unpackValue(bytes));
  if (!head.success) throw new MantaError("protocol_error", "an answer has a malformed head");
  return head.data;
};

const errorFromWire = (wire: unknown): MantaError =>
  typeof wire === "object" && wire !== null && "code" in wire && "message" in wire
    ? MantaError.fromWire(wire as WireError)
    : new MantaError("protocol_error", "an answer has a malformed error");
