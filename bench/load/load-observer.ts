import type { PreparedRequest } from "./load-request.ts";

/** An answer as a connection saw it. Times in ms of `performance.now`. */
export interface LoadAnswer {
  readonly status: number;
  /** Empty unless the request is classified. */
  readonly head: string;
  /** Empty unless the request expects something. */
  readonly body: string;
  /** As `LoadRequest.expect` says. */
  readonly right: boolean;
  /** As `LoadRequest.classify` says. */
  readonly kind: string | undefined;
  /** When the request was due: an open loop counts from then, whenever it could be sent. */
  readonly dueMs: number;
  readonly nowMs: number;
}

/** A request that got no whole answer. */
export interface NoAnswer {
  /** What `LoadRequest.unique` made. */
  readonly body: string;
  /** What `LoadObserver.answered` last returned on this connection; empty before its first answer. */
  readonly peer: string;
  /** Bytes of an answer had come. */
  readonly begun: boolean;
  readonly dueMs: number;
  readonly nowMs: number;
}

/** Hears what becomes of the requests of a load: each ends in one of answered, cut, timedOut. */
export interface LoadObserver {
  connected(): void;
  /** An attempt to connect failed; no request was sent. */
  refused(): void;
  sent(request: PreparedRequest): void;
  /** May return a mark of the process that answered: kept with the connection. */
  answered(request: PreparedRequest, answer: LoadAnswer): string | undefined;
  cut(request: PreparedRequest, facts: NoAnswer): void;
  timedOut(request: PreparedRequest, facts: NoAnswer): void;
}
