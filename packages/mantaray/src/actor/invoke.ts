import { MantaError, type WireError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { type InvokeHead, resultHeadSchema } from "../protocol/handle-frames.ts";
import { resetError } from "../rpc/index.ts";
import { type Link, type OutStream, openFlags, resetCodes, streamKinds } from "../rpc/types.ts";
import { packValue, unpackValue } from "./invoke-codec.ts";
import { actorLimits } from "./limits.ts";

/** One call of an actor's method. */
export interface InvokeOptions {
  /** 0: no deadline. */
  readonly timeoutMs: number;
  readonly requestId: string;
  readonly signal?: AbortSignal;
}

/** Calls `method` over an open link and gives the value it returns, or throws what it threw. */
export const invoke = (
  link: Link,
  method: string,
  args: readonly unknown[],
  options: InvokeOptions,
): Promise<unknown> => {
  const head: InvokeHead = { method, stream: false, requestId: options.requestId };
  const headBytes = packValue(head);
  const body = packValue(args);
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted === true) {
      reject(new MantaError("canceled", `the call of ${method} was canceled`));
      return;
    }
    const answer = new Answer(method);
    const finish = (settle: () => void): void => {
      options.signal?.removeEventListener("abort", onAbort);
      settle();
    };
    const complete = (): void => finish(() => settleWith(answer, resolve, reject));
    const fail = (error: MantaError): void => finish(() => reject(error));
    const onAbort = (): void => {
      stream.reset(resetCodes.canceled, "the caller canceled");
      fail(new MantaError("canceled", `the call of ${method} was canceled`));
    };
    /** Past the limit: the rest is of no use. */
    const takeChunk = (chunk: Buffer): boolean => {
      if (answer.add(chunk)) return true;
      stream.reset(resetCodes.tooLarge, "the answer is too large");
      fail(new MantaError("payload_too_large", `the answer of ${method} is over ${actorLimits.answerBytesMax} bytes`));
      return false;
    };
    const whole = body.length <= limits.dataFrameBytesMax;
    let sent = whole ? body.length : 0;
    const pump = (): void => {
      while (sent < body.length) {
        const chunk = body.subarray(sent, sent + limits.dataFrameBytesMax);
        sent += chunk.length;
        const more = stream.write(chunk);
        if (sent === body.length) stream.end();
        if (!more) return;
      }
    };
    const stream: OutStream = link.open(
      streamKinds.invoke,
      whole ? openFlags.end : 0,
      options.timeoutMs,
      headBytes,
      whole ? body : null,
      {
        onReject: (load) =>
          fail(new MantaError("unavailable", `the actor refused the call of ${method} (${load} calls in its queue)`)),
        onResponse: (responseHead, chunk, end) => {
          answer.head = Buffer.from(responseHead);
          if (takeChunk(chunk) && end) complete();
        },
        onData: takeChunk,
        onEnd: complete,
        onReset: (code, message) => fail(resetError(`the call of ${method} ended early`, code, message)),
        onWritable: pump,
      },
    );
    if (!whole) pump();
    options.signal?.addEventListener("abort", onAbort, { once: true });
  });
};

/** What has arrived of an answer. */
class Answer {
  head: Buffer | undefined;
  readonly method: string;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(method: string) {
    this.method = method;
  }

  /** False: over the limit. The chunk is copied: it is a view of the link's read buffer. */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > actorLimits.answerBytesMax) return false;
    if (chunk.length > 0) this.#chunks.push(Buffer.from(chunk));
    return true;
  }

  value(): unknown {
    if (this.head === undefined) throw new MantaError("protocol_error", `the answer of ${this.method} has no head`);
    const head = resultHeadSchema.safeParse(unpackValue(this.head));
    if (!head.success) throw new MantaError("protocol_error", `the answer of ${this.method} has a malformed head`);
    if (!head.data.ok) throw wireError(head.data.error);
    return this.#bytes === 0 ? undefined : unpackValue(Buffer.concat(this.#chunks));
  }
}

const settleWith = (answer: Answer, resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
  try {
    resolve(answer.value());
  } catch (error) {
    reject(error);
  }
};

const wireError = (wire: unknown): MantaError => {
  const isWire = typeof wire === "object" && wire !== null && "code" in wire && "message" in wire;
  return isWire ? MantaError.fromWire(wire as WireError) : new MantaError("user_error", String(wire));
};
