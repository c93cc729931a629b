import { type StreamKind, streamKinds } from "../../rpc/types.ts";
import type { OutboundCall, OutboundRequest, RequestFailure } from "./outbound-request.ts";

/** How a test's request ended. */
export interface Outcome {
  readonly head: string;
  readonly body: string;
  readonly failure: RequestFailure | undefined;
}

/** A request whose end a test can await. */
export class TestRequest implements OutboundRequest {
  readonly kind: StreamKind = streamKinds.invoke;
  readonly head: Uint8Array = Buffer.from("head");
  readonly body: Uint8Array | null;
  readonly bodyEnded: boolean;
  readonly repeatable: boolean;
  readonly deadlineMs: number;
  call: OutboundCall | undefined = undefined;
  wanted = 0;
  retries = 0;
  settled = false;
  readonly outcome: Promise<Outcome>;
  #head = "";
  #body = "";
  #resolve: (outcome: Outcome) => void = () => undefined;

  constructor(options: { body?: string; bodyEnded?: boolean; repeatable?: boolean; deadlineMs?: number } = {}) {
    this.body = options.body === undefined ? null : Buffer.from(options.body);
    this.bodyEnded = options.bodyEnded ?? true;
    this.repeatable = options.repeatable ?? false;
    this.deadlineMs = options.deadlineMs ?? 0;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  onBodyWanted(): void {
    this.wanted += 1;
  }

  onRetry(retries: number): void {
    this.retries = retries;
  }

  onResponse(head: Buffer, body: Buffer, end: boolean): void {
    this.#head = head.toString();
    this.#body = body.toString();
    if (end) this.#settle(undefined);
  }

  onData(chunk: Buffer): void {
    this.#body += chunk.toString();
  }

  onEnd(): void {
    this.#settle(undefined);
  }

  onFailure(failure: RequestFailure): void {
    this.#settle(failure);
  }

  #settle(failure: RequestFailure | undefined): void {
    if (this.settled) throw new Error("a request ended twice");
    this.settled = true;
    this.#resolve({ head: this.#head, body: this.#body, failure });
  }
}
