import { errorCodes } from "../../../base/error-codes.ts";
import { MantaError } from "../../../base/errors.ts";
import { retryAfterSecondsOf } from "../../../base/retry-after.ts";
import { requestFlags } from "../../../protocol/http-frames.ts";
import { type InStream, type InStreamHandler, type ResetCode, resetCodes } from "../../../rpc/types.ts";
import { CallContext } from "../call-context.ts";
import { answerOf, type ChunkIterator, type HandlerAnswer, textAnswer } from "../http/handler-answer.ts";
import { LazyRequest } from "../http/lazy-request.ts";
import { isResponse } from "../http/lazy-response.ts";
import { overloadAnswer, reasonField } from "../http/overload-answer.ts";
import { RequestBody } from "../http/request-body.ts";
import type { RequestHead } from "../http/request-head.ts";
import { bodyFraming, encodeResponseHead } from "../http/response-head.ts";
import { bytesOf } from "../http/streamed-answer.ts";
import type { ReplicaHost } from "../replica-host.ts";
import { fingerprintOf, storedKey } from "./fingerprint.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { keyedLimits } from "./limits.ts";
import type { WholeAnswer } from "./recorded-answer.ts";
import type { Run, RunOnce } from "./run-once.ts";

/**
 * One HTTP request with an `Idempotency-Key` of a deployment that lets such requests run once. Its body is
 * complete before it is decided over, its answer before it is sent; its client's leaving does not end it.
 */
export class KeyedCall implements InStreamHandler {
  readonly #host: ReplicaHost;
  readonly #stream: InStream;
  readonly #head: RequestHead;
  readonly #context: CallContext;
  /** The caller has gone, for whatever reason. */
  readonly #gone = new AbortController();
  #request: LazyRequest | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #complete: boolean;
  #started = false;
  #begun = false;
  #left = false;

  /** `body` is a view that is not kept. */
  constructor(host: ReplicaHost, stream: InStream, head: RequestHead, body: Buffer, end: boolean) {
    this.#host = host;
    this.#stream = stream;
    this.#head = head;
    this.#complete = end;
    this.#context = new CallContext({
      requestId: head.requestId,
      appName: host.appName,
      route: head.routePrefix,
      multiplexedModelId: "",
      clientAddress: head.clientAddress,
      deadlineMs: stream.deadlineMs,
    });
    this.#keep(body);
  }

  onStart(): void {
    this.#started = true;
    if (this.#complete) this.#begin();
  }

  onData(chunk: Buffer): void {
    if (this.#begun) return;
    this.#keep(chunk);
    if (this.#bytes <= keyedLimits.bodyBytesMax) return;
    this.#begun = true;
    this.#chunks = [];
    const text = `The body of a request with an Idempotency-Key may have ${keyedLimits.bodyBytesMax} bytes.`;
    this.#respond(whole(refusal(new MantaError("payload_too_large", text))));
  }

  onEnd(): void {
    this.#complete = true;
    if (this.#started) this.#begin();
  }

  onReset(code: ResetCode): void {
    this.#gone.abort();
    if (code === resetCodes.deadlineExceeded) {
      const reason = new DOMException("the request's time is up", "TimeoutError");
      this.#context.cancel(reason);
      if (this.#request !== undefined) LazyRequest.abort(this.#request, reason);
    }
    // What has begun goes on: whoever asks again wants to know how it ended.
    if (!this.#begun) this.#leave();
  }

  onWritable(): void {}

  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (chunk.length > 0) this.#chunks.push(Buffer.from(chunk));
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#run().then(
      (answer) => this.#respond(answer),
      (error: unknown) => {
        this.#host.log.error({ requestId: this.#head.requestId, err: error }, "a request with a key failed");
        this.#respond(whole(internalError));
      },
    );
  }

  /** The answer; rejects only by a defect of ours. */
  async #run(): Promise<WholeAnswer> {
    const { runOnce } = this.#host;
    const body = Buffer.concat(this.#chunks);
    this.#chunks = [];
    let run: Run;
    try {
      const verdict = await decide(this.#host, runOnce, {
        head: this.#head,
        body,
        signal: this.#gone.signal,
      });
      if (verdict.kind === "replay") return replayed(verdict.answer);
      ({ run } = verdict);
    } catch (error) {
      return whole(refusal(MantaError.from(error)));
    }
    run.lost.addEventListener("abort", () => this.#onKeyLost(), { once: true });
    let answer: WholeAnswer;
    try {
      answer = await this.#host.requests.run(this.#context, () => this.#runHandler(body));
    } catch (error) {
      await run.release();
      throw error;
    }
    await run.finish(answer);
    return answer;
  }

  async #runHandler(body: Buffer): Promise<WholeAnswer> {
    this.#request = new LazyRequest(this.#head, new RequestBody(body, true, noFlow));
    try {
      return await gather(answerOf(await this.#host.served.fetch(this.#request as unknown as Request)));
    } catch (thrown) {
      if (isResponse(thrown)) return gather(answerOf(thrown));
      const overload = overloadAnswer(thrown);
      if (overload !== undefined) return whole(overload);
      const { requestId, method, target } = this.#head;
      this.#host.log.error({ requestId, method, target, err: thrown }, "the handler failed");
      return whole(internalError);
    }
  }

  #onKeyLost(): void {
    this.#host.log.error({ requestId: this.#head.requestId }, "a request lost its key while it ran");
    const reason = new DOMException("the request's key was lost", "AbortError");
    this.#context.cancel(reason);
    if (this.#request !== undefined) LazyRequest.abort(this.#request, reason);
  }

  #respond(answer: WholeAnswer): void {
    const bodyless = answer.status === 204 || answer.status === 304;
    const framing = bodyless ? bodyFraming.none : answer.body.length;
    const head = encodeResponseHead(answer, framing, bodyless, this.#head.requestId);
    this.#leave();
    this.#stream.respond(head, bodyless ? null : answer.body, true);
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#host.admission.leave();
  }
}

const noFlow = { pause: (): void => undefined, resume: (): void => undefined };
const internalError = textAnswer(500, "Internal Server Error");

const decide = async (
  { appName, served }: ReplicaHost,
  runOnce: RunOnce | undefined,
  { head, body, signal }: { readonly head: RequestHead; readonly body: Buffer; readonly signal: AbortSignal },
) => {
  const key = idempotencyKeyOf(head.combined.get("idempotency-key") ?? "");
  if (key === undefined) {
    const rule = `1 to ${keyedLimits.keyCharsMax} characters of ASCII, with or without quotes`;
    throw new MantaError("invalid_argument", `The Idempotency-Key must be ${rule}.`);
  }
  if (runOnce === undefined) throw new MantaError("unavailable", "There is no store of idempotency keys here.");
  return runOnce.decide({
    key: storedKey(appName, served.name, key),
    fingerprint: fingerprintOf(head, body),
    isRetry: (head.flags & requestFlags.retry) !== 0,
    signal,
  });
};

/** An answer of ours, with its code for programs. */
const refusal = ({ code, rawMessage }: MantaError): HandlerAnswer => {
  const { status } = errorCodes[code];
  const again = status === 503 || code === "key_in_progress" ? ["retry-after", String(retryAfterSecondsOf(code))] : [];
  return textAnswer(status, rawMessage, [reasonField, code, ...again]);
};

const replayed = (answer: WholeAnswer): WholeAnswer => ({
  ...answer,
  fields: [...answer.fields, "idempotency-replayed", "true"],
});

const whole = (answer: HandlerAnswer): WholeAnswer => ({ ...answer, body: Buffer.from(answer.body as string) });

/** Reads a body to its end. Throws what its source throws, or when it is too long. */
const gather = async (answer: HandlerAnswer): Promise<WholeAnswer> => {
  const { body } = answer;
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    return { ...answer, body: typeof body === "string" ? Buffer.from(body) : Buffer.from(body ?? []) };
  }
  return { ...answer, body: await gathered(body) };
};

const gathered = async (chunks: ChunkIterator): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    const part = bytesOf(next.value);
    bytes += part.length;
    if (bytes > keyedLimits.answerBytesMax) {
      const error = new MantaError(
        "user_error",
        `the answer to a request with an Idempotency-Key may have ${keyedLimits.answerBytesMax} bytes`,
      );
      await chunks.cancel(error);
      throw error;
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
};
