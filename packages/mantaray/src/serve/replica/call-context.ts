import type { ActiveRequest } from "../api/context.ts";

/** What a request's context is made of. */
export interface CallContextFields {
  readonly requestId: string;
  readonly appName: string;
  readonly route: string;
  readonly multiplexedModelId: string;
  readonly clientAddress: string;
  /** Ms left when it arrived; 0 for no deadline. */
  readonly deadlineMs: number;
}

/** The request that user code works on, as `getRequestContext()` gives it. */
export class CallContext implements ActiveRequest {
  readonly requestId: string;
  readonly appName: string;
  readonly route: string;
  readonly multiplexedModelId: string;
  readonly clientAddress: string;
  readonly deadlineAtMs: number;
  canceled = false;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #listeners: Set<() => void> | undefined;

  constructor(fields: CallContextFields) {
    this.requestId = fields.requestId;
    this.appName = fields.appName;
    this.route = fields.route;
    this.multiplexedModelId = fields.multiplexedModelId;
    this.clientAddress = fields.clientAddress;
    this.deadlineAtMs = fields.deadlineMs > 0 ? performance.now() + fields.deadlineMs : 0;
  }

  get remainingMs(): number | undefined {
    return this.deadlineAtMs === 0 ? undefined : Math.max(0, this.deadlineAtMs - performance.now());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  onCancel(listener: () => void): () => void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  /** The caller has given up, or the time is up: so do the calls made on its behalf. */
  cancel(reason: Error): void {
    if (this.canceled) return;
    this.canceled = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener();
  }
}
