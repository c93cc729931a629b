import { type InStream, type InStreamHandler, type ResetCode, resetCodes } from "../../../rpc/types.ts";
import { CallContext } from "../call-context.ts";
import type { ReplicaHost } from "../replica-host.ts";
import { answerOf, type ChunkIterator, type HandlerAnswer, textAnswer } from "./handler-answer.ts";
import { LazyRequest } from "./lazy-request.ts";
import { isResponse } from "./lazy-response.ts";
import { overloadAnswer } from "./overload-answer.ts";
import { RequestBody } from "./request-body.ts";
import type { RequestHead } from "./request-head.ts";
import { bodyFraming, encodeResponseHead } from "./response-head.ts";
import { StreamedAnswer } from "./streamed-answer.ts";

/**
 * One HTTP request from its acceptance to the last byte of its answer.
 * H1: it counts as ongoing exactly once, until both the handler and the answer are over, whichever way.
 * H2: once the client is gone nothing is sent, and everything that can be told of it is told.
 */
export class HttpCall implements InStreamHandler {
  readonly #host: ReplicaHost;
  readonly #stream: InStream;
  readonly #head: RequestHead;
  readonly #body: RequestBody;
  readonly #context: CallContext;
  readonly #request: LazyRequest;
  #started = false;
  #left = false;
  #streamed: StreamedAnswer | undefined;

  /** `body` is a view that is not kept. */
  constructor(host: ReplicaHost, stream: InStream, head: RequestHead, body: Buffer, end: boolean) {
    this.#host = host;
    this.#stream = stream;
    this.#head = head;
    this.#body = new RequestBody(body, end, stream);
    this.#request = new LazyRequest(head, this.#body);
    this.#context = new CallContext({
      requestId: head.requestId,
      appName: host.appName,
      route: head.routePrefix,
      multiplexedModelId: "",
      clientAddress: head.clientAddress,
      deadlineMs: stream.deadlineMs,
    });
  }

  onStart(): void {
    this.#started = true;
    const { requests, served } = this.#host;
    try {
      const value = requests.run(this.#context, served.fetch, this.#request as unknown as Request);
      if (isThenable(value)) {
        value.then(
          (settled) => this.#answer(settled),
          (error: unknown) => this.#answerThrown(error),
        );
      } else this.#answer(value);
    } catch (error) {
      this.#answerThrown(error);
    }
  }

  onData(chunk: Buffer): void {
    this.#body.push(chunk);
  }

  onEnd(): void {
    this.#body.end();
  }

  onReset(code: ResetCode, message: string): void {
    const timedOut = code === resetCodes.deadlineExceeded;
    const reason = timedOut
      ? new DOMException("the request's time is up", "TimeoutError")
      : new DOMException(`the client is gone${message === "" ? "" : `: ${message}`}`, "AbortError");
    this.#context.cancel(reason);
    LazyRequest.abort(this.#request, reason);
    this.#body.fail(reason);
    this.#streamed?.cancel(reason);
    // Else the handler still runs, and counts, until it is done.
    if (!this.#started) this.#leave();
  }

  onWritable(): void {
    this.#streamed?.onWritable();
  }

  /** Never throws. */
  #answer(value: unknown): void {
    try {
      this.#send(answerOf(value));
    } catch (error) {
      this.#answerThrown(error);
    }
  }

  /** Never throws. */
  #answerThrown(error: unknown): void {
    const { log } = this.#host;
    const about = { requestId: this.#head.requestId, method: this.#head.method, target: this.#head.target };
    try {
      if (isResponse(error)) return this.#send(answerOf(error));
      if (this.#context.canceled) {
        log.debug({ ...about, err: error }, "a handler failed after its client had gone");
        return this.#leave();
      }
      const overload = overloadAnswer(error);
      if (overload !== undefined) return this.#send(overload);
      log.error({ ...about, err: error }, "the handler failed");
      return this.#send(textAnswer(500, "Internal Server Error"));
    } catch (failure) {
      log.error({ ...about, err: failure }, "the answer could not be made");
      this.#leave();
      this.#stream.reset(resetCodes.internal, "the answer could not be made");
    }
  }

  #send(answer: HandlerAnswer): void {
    const { body } = answer;
    const bodyless = this.#head.method === "HEAD" || answer.status === 204 || answer.status === 304;
    if (this.#context.canceled || (bodyless && isChunks(body))) {
      if (isChunks(body)) body.cancel(gone).catch(() => undefined);
      if (this.#context.canceled) return this.#leave();
    }
    if (isChunks(body) && !bodyless) return this.#sendStreamed(answer, body);
    const bytes = typeof body === "string" ? Buffer.from(body) : isChunks(body) ? null : body;
    const head = encodeResponseHead(answer, framingOf(answer, bytes, bodyless), bodyless, this.#head.requestId);
    this.#leave();
    this.#stream.respond(head, bodyless ? null : bytes, true);
    this.#closeBody();
  }

  #sendStreamed(answer: HandlerAnswer, chunks: ChunkIterator): void {
    const streamed = new StreamedAnswer(
      {
        stream: this.#stream,
        respond: (bytes, body, end) => {
          const framing = bytes < 0 ? bodyFraming.chunked : bytes;
          const head = encodeResponseHead(answer, framing, false, this.#head.requestId);
          if (end) this.#leave();
          this.#stream.respond(head, body, end);
        },
        failBeforeHead: (error) => this.#answerThrown(error),
        failAfterHead: (error) => {
          this.#host.log.error({ requestId: this.#head.requestId, err: error }, "the body of a response failed");
          this.#stream.reset(resetCodes.internal, "the body of the response failed");
        },
      },
      chunks,
      declaredBytes(answer),
    );
    this.#streamed = streamed;
    // The handler's context, for a generator's code is the handler's.
    void this.#host.requests.run(this.#context, async () => {
      await streamed.run();
      this.#closeBody();
      this.#leave();
    });
  }

  /** The answer ends the stream, so what has not come of the body never will. */
  #closeBody(): void {
    if (!this.#body.complete)
      this.#body.fail(new DOMException("the request was answered before its body had come", "AbortError"));
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#host.admission.leave();
  }
}

const gone = new DOMException("the client is gone", "AbortError");

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

const isChunks = (body: HandlerAnswer["body"]): body is ChunkIterator =>
  typeof body === "object" && body !== null && !(body instanceof Uint8Array);

const declaredBytes = ({ fields }: HandlerAnswer): number => {
  for (let index = 0; index < fields.length; index += 2) {
    const value = fields[index + 1]!;
    if (fields[index] === "content-length" && /^\d{1,15}$/.test(value)) return Number(value);
  }
  return -1;
};

const framingOf = (answer: HandlerAnswer, bytes: Uint8Array | null, bodyless: boolean): number => {
  if (bytes !== null) return answer.status === 304 ? bodyFraming.none : bytes.length;
  if (!bodyless) return 0;
  // The answer to HEAD may say how long the body would have been.
  const declared = answer.status === 204 ? -1 : declaredBytes(answer);
  return declared < 0 ? bodyFraming.none : declared;
};
