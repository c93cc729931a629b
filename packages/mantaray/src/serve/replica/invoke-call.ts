import { packValue, unpackValue } from "../../actor/index.ts";
import { MantaError } from "../../base/errors.ts";
import { type InvokeHead, type ResultHead, recordKinds } from "../../protocol/handle-frames.ts";
import { type InStream, type InStreamHandler, type ResetCode, resetCodes } from "../../rpc/types.ts";
import { CallContext } from "./call-context.ts";
import { type AnyIterator, iteratorOf } from "./http/handler-answer.ts";
import { replicaLimits } from "./limits.ts";
import type { ReplicaHost } from "./replica-host.ts";
import { encodeRecord } from "./value-records.ts";

const valueHead = packValue({ ok: true } satisfies ResultHead);
const streamHead = packValue({ ok: true, stream: true } satisfies ResultHead);

/**
 * One handle call from its acceptance to the last byte of its answer. It counts as ongoing exactly once,
 * until the method (and its generator) is over, also when the caller has left before.
 */
export class InvokeCall implements InStreamHandler {
  readonly #host: ReplicaHost;
  readonly #stream: InStream;
  readonly #head: InvokeHead;
  readonly #context: CallContext;
  #parts: Buffer[] = [];
  #bytes = 0;
  #complete: boolean;
  #started = false;
  #running = false;
  #left = false;
  #iterator: AnyIterator | undefined;
  #onWritable: (() => void) | undefined;

  /** `body` is a view that is not kept. */
  constructor(host: ReplicaHost, stream: InStream, head: InvokeHead, body: Buffer, end: boolean) {
    this.#host = host;
    this.#stream = stream;
    this.#head = head;
    this.#complete = end;
    this.#context = new CallContext({
      requestId: head.requestId,
      appName: host.appName,
      route: "",
      multiplexedModelId: head.multiplexedModelId ?? "",
      clientAddress: "",
      deadlineMs: stream.deadlineMs,
    });
    this.#keep(body);
  }

  onStart(): void {
    this.#started = true;
    if (this.#complete) this.#begin();
  }

  onData(chunk: Buffer): void {
    this.#keep(chunk);
    if (this.#bytes <= replicaLimits.argumentBytesMax) return;
    const text = `arguments over ${replicaLimits.argumentBytesMax} bytes`;
    this.#stream.reset(resetCodes.tooLarge, text);
    this.onReset(resetCodes.tooLarge, text);
  }

  onEnd(): void {
    this.#complete = true;
    if (this.#started) this.#begin();
  }

  onReset(code: ResetCode, message: string): void {
    const timedOut = code === resetCodes.deadlineExceeded;
    this.#context.cancel(
      timedOut
        ? new DOMException("the call's time is up", "TimeoutError")
        : new DOMException(`the caller is gone${message === "" ? "" : `: ${message}`}`, "AbortError"),
    );
    this.#parts = [];
    this.#resume();
    this.#endIterator();
    if (!this.#running) this.#leave();
  }

  onWritable(): void {
    this.#resume();
  }

  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (chunk.length > 0) this.#parts.push(Buffer.from(chunk));
  }

  #begin(): void {
    if (this.#running || this.#context.canceled) return;
    if (this.#context.remainingMs === 0) {
      this.#host.admission.expired += 1;
      this.#stream.reset(resetCodes.deadlineExceeded, "the deadline passed");
      this.onReset(resetCodes.deadlineExceeded, "");
      return;
    }
    this.#running = true;
    void this.#host.requests.run(this.#context, () => this.#run());
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      const value = await this.#callMethod();
      const iterator = typeof value === "object" && value !== null ? iteratorOf(value) : undefined;
      if (iterator === undefined) this.#respond(valueHead, value === undefined ? null : packValue(value));
      else await this.#sendValues(iterator);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#leave();
    }
  }

  #callMethod(): unknown {
    const args = unpackValue(this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts));
    this.#parts = [];
    if (!Array.isArray(args)) throw new MantaError("protocol_error", "the arguments of a call must be a list");
    return this.#host.served.method(this.#head.method)(...(args as unknown[]));
  }

  async #sendValues(iterator: AnyIterator): Promise<void> {
    this.#iterator = iterator;
    if (this.#context.canceled) return this.#endIterator();
    this.#stream.respond(streamHead, null, false);
    try {
      for (;;) {
        const { done, value } = await iterator.next();
        if (this.#context.canceled) return;
        if (done === true) break;
        await this.#write(encodeRecord(recordKinds.value, value));
        if (this.#context.canceled) return;
      }
    } catch (error) {
      if (this.#context.canceled) return;
      this.#endIterator();
      this.#stream.write(encodeRecord(recordKinds.error, this.#wireError(error)));
    }
    this.#stream.end();
  }

  async #write(record: Buffer): Promise<void> {
    if (this.#stream.write(record)) return;
    await new Promise<void>((resolve) => {
      this.#onWritable = resolve;
    });
  }

  #fail(error: unknown): void {
    if (this.#context.canceled) {
      this.#host.log.debug({ requestId: this.#head.requestId, err: error }, "a call failed after its caller had gone");
      return;
    }
    this.#respond(packValue({ ok: false, error: this.#wireError(error) } satisfies ResultHead), null);
  }

  #wireError(thrown: unknown): unknown {
    const error = MantaError.from(thrown, "user_error");
    this.#host.log.warn({ requestId: this.#head.requestId, method: this.#head.method, err: thrown }, "a call failed");
    return error.toWire();
  }

  #respond(head: Buffer, body: Buffer | null): void {
    if (this.#context.canceled) return;
    this.#leave();
    this.#stream.respond(head, body, true);
  }

  /** Runs the generator's `finally` blocks. */
  #endIterator(): void {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    if (iterator?.return === undefined) return;
    const { log } = this.#host;
    const { requestId } = this.#head;
    Promise.resolve(iterator.return()).catch((error: unknown) =>
      log.warn({ requestId, err: error }, "a canceled generator failed as it ended"),
    );
  }

  #resume(): void {
    const resume = this.#onWritable;
    this.#onWritable = undefined;
    resume?.();
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#host.admission.leave();
  }
}
