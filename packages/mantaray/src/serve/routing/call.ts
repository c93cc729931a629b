import { MantaError } from "../../base/errors.ts";
import { type OutStream, type OutStreamHandler, openFlags, type ResetCode, resetCodes } from "../../rpc/types.ts";
import type { Expiring } from "./deadlines.ts";
import { failures } from "./failures.ts";
import { HeldBody, type HeldBytes } from "./held-body.ts";
import { routingLimits } from "./limits.ts";
import type { OutboundCall, OutboundRequest, RequestFailure, RouterCounters } from "./outbound-request.ts";
import type { ReplicaLink } from "./replica-link.ts";
import { decideRetry } from "./retry.ts";
import type { Waiting, WaitQueue } from "./wait-queue.ts";

/** What a `Call` needs of its router. */
export interface CallHost {
  readonly counters: RouterCounters;
  readonly heldBytes: HeldBytes;
  /** Body bytes of a request kept for another replica. */
  readonly replayBodyBytesMax: number;
  /** Time left, ms; 0 for no deadline, below 0 when it has passed. */
  remainingMs(request: OutboundRequest): number;
  /** Sends a call that lost its replica to another, or puts it at the front of the queue. */
  place(call: Call): void;
  /** Calls `call.repeat()` as soon as the retry budget allows, or fails it. */
  awaitBudget(call: Call): void;
  /** Takes a retry out of the budget; false when there is none. */
  spendRetry(): boolean;
  /** The deadline of `call` has passed: fails it with the reason. */
  onDeadline(call: Call, nowMs: number): void;
  onDone(call: Call): void;
  /** A slot may be free: sends what waits. */
  onRoom(): void;
}

/** waiting: in a queue of the router. sent: has a stream, no answer yet. answering: the first byte was passed on. */
type CallState = "waiting" | "sent" | "answering" | "done";

/**
 * One request from dispatch to its end.
 * C1: exactly one of the request's terminal calls is made, unless its owner cancels.
 * C2: it holds a slot of a replica exactly while it has a stream.
 * C3: it is sent again only as `decideRetry` says, and never after the first byte of an answer.
 */
export class Call implements OutboundCall, OutStreamHandler, Waiting<Call>, Expiring<Call> {
  readonly request: OutboundRequest;
  readonly #host: CallHost;
  readonly #body: HeldBody | undefined;
  #state: CallState = "waiting";
  #stream: OutStream | undefined = undefined;
  #replica: ReplicaLink | undefined = undefined;
  #writable = false;
  #paused = false;
  #executions = 0;
  /** Taken from a silent replica once: where all are slow, a second time would only double their work. */
  #tookFromSilence = false;
  retries = 0;
  /** Since when it waits for the retry budget. */
  budgetWaitSinceMs = 0;
  /** The request's own, or sooner while nobody knows the deployment. */
  deadlineMs: number;

  deadlinePrevious: Call | undefined = undefined;
  deadlineNext: Call | undefined = undefined;
  deadlineSlot = -1;
  waitPrevious: Call | undefined = undefined;
  waitNext: Call | undefined = undefined;
  waitsIn: WaitQueue<never> | undefined = undefined;

  constructor(host: CallHost, request: OutboundRequest) {
    this.#host = host;
    this.request = request;
    this.deadlineMs = request.deadlineMs;
    this.#body = request.bodyEnded
      ? undefined
      : new HeldBody(host.heldBytes, host.replayBodyBytesMax - (request.body?.length ?? 0));
  }

  get replicaId(): string {
    return this.#replica?.info.replicaId ?? "";
  }

  get done(): boolean {
    return this.#state === "done";
  }

  /** Opens a stream at the replica. False: it cannot take one, try another. */
  send(replica: ReplicaLink): boolean {
    const { request } = this;
    const link = replica.link;
    if (link === undefined) {
      replica.usable = false;
      return false;
    }
    const remainingMs = this.#host.remainingMs(request);
    if (remainingMs < 0) {
      this.fail(failures.deadline());
      return true;
    }
    replica.outstanding += 1;
    const flags = (request.bodyEnded ? openFlags.end : 0) | (request.repeatable ? 0 : openFlags.acceptRequired);
    try {
      this.#stream = link.open(request.kind, flags, remainingMs, request.head, request.body, this);
    } catch (error) {
      replica.onReleased();
      const { code, rawMessage } = MantaError.from(error);
      if (replica.onOpenFailed(link, code)) return false;
      this.fail({ code, message: rawMessage, responded: false });
      return true;
    }
    this.#replica = replica;
    this.#state = "sent";
    this.#writable = true;
    this.#host.counters.sent += 1;
    if (this.#paused) this.#stream.pause();
    if (this.#body !== undefined) this.#pump(this.#body, this.#stream);
    return true;
  }

  // The owner's side

  write(chunk: Uint8Array): boolean {
    const body = this.#body;
    if (this.#state === "done" || body === undefined) return true;
    body.push(chunk);
    const stream = this.#stream;
    if (stream === undefined || !this.#writable) return false;
    const next = body.next();
    if (next !== undefined) this.#writable = stream.write(next);
    return this.#writable;
  }

  end(): void {
    const body = this.#body;
    if (this.#state === "done" || body === undefined) return;
    body.ended = true;
    if (body.drained) this.#stream?.end();
  }

  cancel(): void {
    if (this.#state === "done") return;
    this.#stream?.reset(resetCodes.canceled);
    this.#host.counters.canceled += 1;
    this.#finish();
    this.#host.onRoom();
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream?.resume();
  }

  // The stream's side

  onReject(load: number): void {
    const replica = this.#release();
    this.#host.counters.rejected += 1;
    replica?.onReject(load);
    if (this.#rewind()) this.#host.place(this);
  }

  onResponse(head: Buffer, body: Buffer, end: boolean, load: number): void {
    const { request } = this;
    const replica = this.#replica;
    if (end) this.#finishAnswered();
    else {
      this.#state = "answering";
      this.#body?.forgetSent();
    }
    request.onResponse(head, body, end);
    // After the answer is on its way: this may send what waits.
    replica?.onAnswer(load);
    if (end) this.#host.onRoom();
  }

  onData(chunk: Buffer): void {
    this.request.onData(chunk);
  }

  onEnd(): void {
    this.#finishAnswered();
    this.request.onEnd();
    this.#host.onRoom();
  }

  onWritable(): void {
    const stream = this.#stream;
    if (this.#body === undefined || stream === undefined) return;
    this.#writable = true;
    this.#pump(this.#body, stream);
  }

  onReset(code: ResetCode, message: string, accepted: boolean): void {
    const stream = this.#stream;
    const replica = this.#release();
    if (replica === undefined || stream === undefined) return;
    const { request } = this;
    if (code === resetCodes.linkLost) replica.lost(stream.link, message);
    const unaccepted = code === resetCodes.refused || code === resetCodes.draining;
    if (unaccepted) replica.block(replica.outstanding);
    if (this.#state === "sent" && isOwnFailure(code)) replica.onFailure();
    const mayHaveRun = accepted || (request.repeatable && !unaccepted);
    if (mayHaveRun) this.#executions += 1;
    const replayable = this.#body?.replayable ?? true;
    const executions = this.#executions;
    const { repeatable } = request;
    const responded = this.#state === "answering";
    const executionsMax = routingLimits.executionsMax;
    const decision = decideRetry({ code, accepted, responded, repeatable, replayable, executions, executionsMax });
    switch (decision) {
      case "resend":
        this.#host.counters.retriedNotAccepted += 1;
        this.#resend();
        return;
      case "resend-within-budget":
        this.#state = "waiting";
        this.#host.awaitBudget(this);
        return;
      case "lost":
        this.fail(failures.lost(replica.info.replicaId, { repeatable, replayable, executions }));
        return;
      case "cut":
        this.fail(failures.cut(replica.info.replicaId, message));
        return;
      case "fail":
        this.fail(failures.fromReset(code, message));
        return;
      default:
        decision satisfies never;
    }
  }

  /** The replica says nothing any more and may have begun: where that does no harm, another one gets it. */
  onSilent(): void {
    const stream = this.#stream;
    if (this.#state !== "sent" || stream === undefined || this.#tookFromSilence) return;
    if (!this.request.repeatable || this.#body?.replayable === false || !this.#host.spendRetry()) return;
    this.#tookFromSilence = true;
    this.#executions += 1;
    stream.reset(resetCodes.canceled, "the replica is silent");
    this.#release();
    this.#host.counters.retriedSilent += 1;
    this.#host.counters.retriedRepeatable += 1;
    this.#resend();
  }

  // The router's side

  /** The budget had room. */
  repeat(): void {
    this.#host.counters.retriedRepeatable += 1;
    this.#resend();
  }

  /** Its deadline has passed. */
  expire(nowMs: number): void {
    this.#host.onDeadline(this, nowMs);
  }

  /** Ends it without an answer, or in the middle of one. */
  fail(failure: RequestFailure): void {
    if (this.#state === "done") return;
    const { counters } = this.#host;
    const responded = this.#state === "answering";
    if (responded) counters.cut += 1;
    else if (failure.code === "deadline_exceeded") counters.timedOut += 1;
    else if (failure.code === "queue_full") counters.overflow += 1;
    else if (failure.code === "actor_died") counters.lost += 1;
    else counters.failed += 1;
    this.#stream?.reset(failure.code === "deadline_exceeded" ? resetCodes.deadlineExceeded : resetCodes.canceled);
    this.#finish();
    this.request.onFailure(responded ? { ...failure, responded } : failure);
    this.#host.onRoom();
  }

  #resend(): void {
    if (!this.#rewind()) return;
    this.retries += 1;
    this.request.onRetry(this.retries);
    this.#host.place(this);
  }

  /** Back to the state before it was sent; false when that is impossible, which ends it. */
  #rewind(): boolean {
    this.#state = "waiting";
    if (this.#body === undefined) return true;
    if (!this.#body.replayable) {
      this.fail(failures.lost("", { repeatable: true, replayable: false, executions: this.#executions }));
      return false;
    }
    this.#body.rewind();
    return true;
  }

  /** Sends what is held, then asks for more. */
  #pump(body: HeldBody, stream: OutStream): void {
    while (this.#writable) {
      const chunk = body.next();
      if (chunk === undefined) break;
      this.#writable = stream.write(chunk);
    }
    if (!body.drained) return;
    if (body.ended) stream.end();
    else if (this.#writable) this.request.onBodyWanted();
  }

  #finishAnswered(): void {
    const body = this.#body;
    // Answered before it was heard out: nobody reads the rest.
    if (body !== undefined && !(body.ended && body.drained)) this.#stream?.reset(resetCodes.canceled);
    this.#host.counters.ok += 1;
    if (this.retries > 0) this.#host.counters.okAfterRetry += 1;
    this.#finish();
  }

  #finish(): void {
    this.#state = "done";
    this.#release();
    this.#body?.release();
    this.#host.onDone(this);
  }

  /** Gives the slot back (C2). */
  #release(): ReplicaLink | undefined {
    const replica = this.#replica;
    this.#stream = undefined;
    this.#replica = undefined;
    replica?.onReleased();
    return replica;
  }
}

/** What a replica's machinery does wrong, as opposed to a death, a deadline or the application. */
const isOwnFailure = (code: ResetCode): boolean =>
  code === resetCodes.internal || code === resetCodes.protocolError || code === resetCodes.refused;
