/** Stops and resumes the arrival of body bytes. */
export interface BodyFlow {
  pause(): void;
  resume(): void;
}

/** held: nobody reads yet. collected and streamed: somebody does. dropped: nobody will. */
type BodyState = "held" | "collected" | "streamed" | "dropped";

const unusable = "Body is unusable: Body has already been read";

/**
 * Body of an HTTP request as it arrives. Until someone reads it at most one window of it is held; then it
 * flows at the pace of its reader.
 */
export class RequestBody {
  readonly #flow: BodyFlow;
  #state: BodyState = "held";
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #ended: boolean;
  #error: Error | undefined;
  #settle: { resolve(bytes: Buffer): void; reject(error: Error): void } | undefined;
  #controller: ReadableByteStreamController | undefined;
  /** There is no body at all, as opposed to an empty one. */
  readonly absent: boolean;

  /** `first` is a view that is not kept. */
  constructor(first: Buffer, ended: boolean, flow: BodyFlow) {
    this.#flow = flow;
    this.#ended = ended;
    this.absent = ended && first.length === 0;
    if (first.length > 0) this.#chunks.push(Buffer.from(first));
    if (!ended) flow.pause();
  }

  /** Somebody has begun to read it. */
  get used(): boolean {
    return this.#state === "collected" || this.#state === "streamed";
  }

  get complete(): boolean {
    return this.#ended;
  }

  /** All of it: at once when it is here. Throws (or rejects with) what the reading of a used body does. */
  collect(): Buffer | Promise<Buffer> {
    if (this.absent) return empty;
    if (this.used) throw new TypeError(unusable);
    if (this.#error !== undefined) throw this.#error;
    this.#state = "collected";
    if (this.#ended) return this.#joined();
    const whole = new Promise<Buffer>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#flow.resume();
    return whole;
  }

  /** All of it as a stream, at the reader's pace. */
  stream(): ReadableStream<Uint8Array> {
    this.#state = "streamed";
    return new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.drop(),
    });
  }

  /** Nobody will read the rest: it must not hold up the stream. */
  drop(): void {
    this.#state = "dropped";
    this.#chunks = [];
    this.#controller = undefined;
    if (!this.#ended) this.#flow.resume();
  }

  push(chunk: Buffer): void {
    if (this.#state === "dropped" || chunk.length === 0) return;
    // Not a Buffer: that may share its memory, and a byte stream takes the memory of its chunks away.
    this.#chunks.push(new Uint8Array(chunk));
    if (this.#state === "streamed") this.#feed();
  }

  end(): void {
    this.#ended = true;
    this.#settle?.resolve(this.#joined());
    this.#settle = undefined;
    if (this.#state === "streamed") this.#feed();
  }

  /** The client is gone: what is being read fails. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#settle?.reject(error);
    this.#settle = undefined;
    this.#controller?.error(error);
    this.#controller = undefined;
  }

  #pull(): void {
    this.#feed();
    if (!this.#ended && this.#controller !== undefined) this.#flow.resume();
  }

  #feed(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) controller.enqueue(Buffer.isBuffer(chunk) ? new Uint8Array(chunk) : chunk);
    if (this.#ended) {
      this.#controller = undefined;
      controller.close();
      // A reader that brought its own buffer waits for an answer of no bytes.
      controller.byobRequest?.respond(0);
    } else if (chunks.length > 0 && (controller.desiredSize ?? 0) <= 0) this.#flow.pause();
  }

  #joined(): Buffer {
    const chunks = this.#chunks;
    this.#chunks = [];
    const [first] = chunks;
    if (chunks.length === 1 && Buffer.isBuffer(first)) return first;
    return Buffer.concat(chunks);
  }
}

const empty = Buffer.alloc(0);
