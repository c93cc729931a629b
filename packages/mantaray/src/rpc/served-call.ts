import { MantaError } from "../base/errors.ts";
import type { Method } from "../protocol/service.ts";
import { checkMessage, pack, packMessage, unpack } from "./call-codec.ts";
import type { CallContext } from "./call-context.ts";
import { layError, layItem } from "./items.ts";
import type { InStream, Link, PeerIdentity } from "./types.ts";

/** A method with its implementation. */
export interface ServedMethod {
  readonly method: Method;
  readonly run: (request: unknown, context: CallContext) => unknown;
}

/** One call being answered: unpacks and checks the request, runs the implementation, sends what it gives. */
export class ServedCall implements CallContext {
  readonly #stream: InStream;
  readonly #what: string;
  readonly #served: ServedMethod | undefined;
  /** Made when somebody asks: most calls never look at their signal. */
  #controller: AbortController | undefined;
  #canceled: MantaError | undefined;
  #responded = false;
  #wakeWriter: (() => void) | undefined;

  constructor(stream: InStream, what: string, served: ServedMethod | undefined) {
    this.#stream = stream;
    this.#what = what;
    this.#served = served;
  }

  get link(): Link {
    return this.#stream.link;
  }

  get peer(): PeerIdentity {
    return this.#stream.link.peer;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#canceled !== undefined) this.#controller.abort(this.#canceled);
    return this.#controller.signal;
  }

  /** `bytes` is the call's own. */
  run(bytes: Buffer): void {
    void this.#run(bytes).catch((error: unknown) => this.#fail(MantaError.from(error)));
  }

  cancel(reason: MantaError): void {
    this.#canceled = reason;
    this.#controller?.abort(reason);
    this.onWritable();
  }

  onWritable(): void {
    const wake = this.#wakeWriter;
    this.#wakeWriter = undefined;
    wake?.();
  }

  async #run(bytes: Buffer): Promise<void> {
    const served = this.#served;
    if (served === undefined)
      throw new MantaError("unimplemented", `${this.#what || "a malformed call"} is not served here`);
    const request = checkMessage(
      this.#what,
      served.method.request,
      unpackRequest(this.#what, bytes),
      "invalid_argument",
    );
    const result = served.run(request, this);
    if (served.method.streams) return this.#sendItems(result as AsyncIterable<unknown>, served.method);
    const response = packMessage(this.#what, this.#checkAnswer(served.method, await result));
    this.#responded = true;
    this.#stream.respond(nothing, response, true);
  }

  async #sendItems(items: AsyncIterable<unknown>, method: Method): Promise<void> {
    const iterator = items[Symbol.asyncIterator]();
    this.#responded = true;
    this.#stream.respond(nothing, null, false);
    // `return` at once: a source that waits for its next item must not outlive its consumer.
    this.signal.addEventListener("abort", () => void iterator.return?.().catch(() => undefined), { once: true });
    for (;;) {
      const next = await iterator.next();
      if (this.#canceled !== undefined) return;
      if (next.done === true) break;
      const item = layItem(packMessage(this.#what, this.#checkAnswer(method, next.value)));
      if (!this.#stream.write(item)) await this.#writable();
    }
    this.#stream.end();
  }

  #writable(): Promise<void> {
    if (this.#canceled !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wakeWriter = resolve;
    });
  }

  #checkAnswer(method: Method, value: unknown): unknown {
    return checkMessage(`${this.#what} gave an answer that breaks its own schema`, method.response, value, "internal");
  }

  #fail(error: MantaError): void {
    // Nobody hears it any more.
    if (this.#canceled !== undefined) return;
    if (this.#responded) {
      this.#stream.write(layError(error));
      this.#stream.end();
      return;
    }
    this.#stream.respond(pack(error.toWire()), null, true);
  }
}

const nothing = Buffer.alloc(0);

const unpackRequest = (what: string, bytes: Buffer): unknown => {
  try {
    return unpack(bytes);
  } catch (error) {
    throw new MantaError("invalid_argument", `${what}: the request cannot be unpacked`, { cause: error });
  }
};
