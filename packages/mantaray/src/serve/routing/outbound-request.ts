import type { ErrorCode } from "../../base/error-codes.ts";
import type { RoutingDeployment } from "../../protocol/routing.ts";
import type { StreamKind } from "../../rpc/types.ts";

/**
 * One request on its way to a replica, as its owner sees it (an HTTP exchange in the proxy, a handle
 * call in a replica). The owner implements this and hands it to `Router.dispatch`; the router chooses,
 * opens, rejects, queues, retries and times out, and makes the calls below. Plain calls, no promises.
 *
 * Order of the calls: onBodyWanted* … onResponse, onData*, onEnd; or onFailure at any point, which is
 * terminal as `onEnd` (or `onResponse` with `end`) is. They may run before `dispatch` returns.
 */
export interface OutboundRequest {
  readonly kind: StreamKind;
  /** Head of the OPEN frame. The router sends it again on a retry: it must stay valid until the end. */
  readonly head: Uint8Array;
  /** Body bytes at hand, null for none. Must stay valid until the end, as `head`. */
  readonly body: Uint8Array | null;
  /** `body` is all of it: the request goes out in one frame. False: more comes by `call.write`. */
  readonly bodyEnded: boolean;
  /** Running it twice does no harm: safe or idempotent method, a key, or the deployment says so. */
  readonly repeatable: boolean;
  /** On the router's clock (`clock.nowMs()`); 0 for none. */
  readonly deadlineMs: number;

  /** Set by `dispatch` before any of the calls below. */
  call: OutboundCall | undefined;

  /** Only with `bodyEnded` false: write more body now. The first time, the stream has just been opened. */
  onBodyWanted(): void;
  /** About to be sent to another replica, for the n-th time (1 is the first retry): time to mark the head. */
  onRetry(retries: number): void;
  /** The buffers are views: valid only during the call. */
  onResponse(head: Buffer, body: Buffer, end: boolean): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onFailure(failure: RequestFailure): void;
}

/** The owner's grip on a dispatched request. Every method is a no-op after the end. */
export interface OutboundCall {
  /** Full id of the replica that has the request now; empty while it waits for one. */
  readonly replicaId: string;
  /** How often a failure made it be sent again (rejections by a full replica do not count). */
  readonly retries: number;
  /** Takes the chunk over: its bytes must not change any more. False: wait for `onBodyWanted` before the next. */
  write(chunk: Uint8Array): boolean;
  /** The body is complete. */
  end(): void;
  /** Nobody wants the answer: cancels downstream, no further calls. */
  cancel(): void;
  /** Stop and resume the answer's body. */
  pause(): void;
  resume(): void;
}

/** Why a request has no (whole) answer. A plain object: shedding load must be cheap. */
export interface RequestFailure {
  /**
   * queue_full · deadline_exceeded · deployment_unavailable · not_found (no such deployment) ·
   * actor_died (accepted, may have run, not repeatable) · draining (we are closing) · internal …
   */
  readonly code: ErrorCode;
  readonly message: string;
  /** The answer had begun: only a cut is honest now. */
  readonly responded: boolean;
}

/** Sends the requests of one deployment to its replicas. */
export interface Router {
  /** `<app>#<deployment>`. */
  readonly key: string;
  /** Requests waiting for a replica. */
  readonly queued: number;
  /** Requests with a replica. */
  readonly ongoing: number;
  /** Replicas that can be reached now. */
  readonly linked: number;
  readonly counters: RouterCounters;
  /** The deployment says its POSTs may be repeated: part of `repeatable` for its callers. */
  readonly retryNonIdempotent: boolean;
  /** Its POSTs that carry a key run once. */
  readonly idempotent: boolean;
  /** What a full queue is answered with; undefined for the default. */
  readonly backpressure: RoutingDeployment["backpressure"];
  dispatch(request: OutboundRequest): void;
}

/** What happened to the requests of one deployment in this process. All but `sent` and `rejected` count requests, not attempts. */
export interface RouterCounters {
  /** Requests dispatched. */
  requests: number;
  /** OPEN frames written, retries included. */
  sent: number;
  /** Whole answers, whatever they say. */
  ok: number;
  /** Of `ok`: answered after at least one retry that a failure caused (rejections do not count). */
  okAfterRetry: number;
  /** A replica at its limit (or draining) took no notice: next one. Attempts. */
  rejected: number;
  /** Sent again, never accepted before. Attempts. */
  retriedNotAccepted: number;
  /** Sent again although it may have run: it is repeatable. Attempts. */
  retriedRepeatable: number;
  /** Of both kinds of retries: taken away from a replica that had fallen silent. Attempts. */
  retriedSilent: number;
  /** How often a replica began to be avoided: silent, or failing again and again. */
  outliers: number;
  /** Had to wait for a free replica. */
  queued: number;
  /** Refused: too many waiting. */
  overflow: number;
  timedOut: number;
  canceled: number;
  /** Accepted, not repeatable, replica gone. */
  lost: number;
  /** Failed after the first byte of the answer. */
  cut: number;
  /** Every other failure. */
  failed: number;
}
