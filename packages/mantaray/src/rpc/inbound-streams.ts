import { limits } from "../base/limits.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { FrameViolation, frameTypes, openFixedBytes, readU32 } from "./frames.ts";
import { AcceptedStream, type InStreamHost } from "./in-stream.ts";
import { rpcLimits } from "./limits.ts";
import {
  type InStreamHandler,
  openFlags,
  type ResetCode,
  resetCodes,
  type StreamAcceptor,
  type StreamKind,
  streamKinds,
} from "./types.ts";

/** What the accepting side needs of its link. */
export interface InboundHost extends InStreamHost {
  watchDeadline(stream: AcceptedStream, deadlineMs: number): void;
  /** The handler of a stream threw: that ends the stream, and nothing else. */
  onHandlerThrew(stream: AcceptedStream, error: unknown): void;
}

/**
 * The streams the peer opened, by its slots.
 *
 * A1 Every OPEN of one read is decided before user code of any acceptRequired one begins.
 * A2 ACCEPT says "the first n are decided"; it is with the kernel before their `onStart`. So an opener that
 *    never saw ACCEPT knows, when our process dies, that no user code ran. Where the link has a ledger the
 *    count is written there instead.
 * A3 What says that some of those n were refused is with the kernel before the ledger counts them.
 */
export class InboundStreams {
  count = 0;
  readonly #host: InboundHost;
  readonly #writer: FrameWriter;
  readonly #acceptors: (StreamAcceptor | undefined)[] = [];
  readonly #slots: (AcceptedStream | undefined)[] = [];
  #decided = 0;
  #draining = false;
  /** OPENs were refused since everything laid was last with the kernel. */
  #refused = false;
  /** Recorded, or said in an ACCEPT. */
  #announced = 0;
  /** Decided; ACCEPT is not with the kernel yet. */
  #waiting: AcceptedStream[] = [];
  #emptyListeners: (() => void)[] = [];

  constructor(host: InboundHost) {
    this.#host = host;
    this.#writer = host.writer;
  }

  accept(kind: StreamKind, acceptor: StreamAcceptor): void {
    this.#acceptors[kind] = acceptor;
  }

  /** GOAWAY: OPENs that cross it are dropped, its count tells the opener so. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#writer.goaway(this.#decided);
  }

  remove(stream: AcceptedStream): void {
    this.#slots[stream.slot] = undefined;
    this.count -= 1;
    if (this.count > 0) return;
    const listeners = this.#emptyListeners;
    this.#emptyListeners = [];
    for (const listener of listeners) listener();
  }

  /** Calls back when the last stream is over. */
  whenEmpty(listener: () => void): void {
    this.#emptyListeners.push(listener);
  }

  find(generation: number, slot: number): AcceptedStream | undefined {
    const stream = this.#slots[slot];
    return stream !== undefined && stream.generation === generation ? stream : undefined;
  }

  all(): AcceptedStream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** Every frame of an opener about one of its streams. */
  onFrame(type: number, stream: AcceptedStream, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case frameTypes.data:
        return stream.onData(buffer.subarray(start, end));
      case frameTypes.end:
        return stream.onEnd();
      case frameTypes.reset:
        return stream.onReset(buffer[start] as ResetCode, buffer.toString("utf8", start + 1, end));
      case frameTypes.window:
        return stream.onWindow(readU32(buffer, start));
      default:
        throw new FrameViolation(`an opener sent a frame of type ${type}`);
    }
  }

  /** Decides over one OPEN. */
  onOpen(generation: number, slot: number, buffer: Buffer, start: number, end: number): void {
    const headStart = start + openFixedBytes;
    const bodyStart = headStart + readU32(buffer, start + 6);
    const bodyBytes = end - bodyStart;
    if (bodyBytes < 0 || bodyStart - headStart > rpcLimits.headBytesMax || bodyBytes > limits.dataFrameBytesMax) {
      throw new FrameViolation("the parts of an OPEN frame are longer than allowed");
    }
    if (this.#draining) return;
    if (this.#slots[slot] !== undefined) throw new FrameViolation(`slot ${slot} was opened while it is in use`);
    const kind = buffer[start] as StreamKind;
    const flags = buffer[start + 1] as number;
    const ended = (flags & openFlags.end) !== 0;
    const deadlineMs = readU32(buffer, start + 2);
    const stream = new AcceptedStream(this.#host, slot, generation, kind, deadlineMs, bodyBytes, ended);
    this.#slots[slot] = stream;
    this.count += 1;
    const body = bodyBytes === 0 ? nothing : buffer.subarray(bodyStart, end);
    // Before the acceptor runs: if it starts a drain, this stream still counts as decided.
    this.#decided += 1;
    const handler = this.#decide(stream, buffer.subarray(headStart, bodyStart), body, ended);
    if (!stream.decided(handler)) {
      this.#refused = true;
      return;
    }
    if (deadlineMs > 0) this.#host.watchDeadline(stream, deadlineMs);
    if ((flags & openFlags.acceptRequired) !== 0) this.#waiting.push(stream);
    else this.#start(stream);
  }

  /** All frames of one read are taken: ACCEPT goes to the kernel, then user code may run (A1, A2). */
  afterRead(): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    const { ledger } = this.#host;
    const count = this.#decided;
    if (ledger === undefined) this.#writer.accept(count);
    if ((ledger === undefined || this.#refused) && !this.#writer.flush()) {
      this.#writer.afterFlushed(() => this.#announce(count, batch));
      return;
    }
    this.#refused = false;
    this.#announce(count, batch);
  }

  /** Tells the opener in a frame what the ledger holds, before a RESET that it would take for a refusal. */
  announceStarted(): void {
    if (this.#host.ledger !== undefined) this.#writer.accept(this.#announced);
  }

  /** Those of a batch that waited come later than their successors: the count only grows. */
  #announce(count: number, batch: readonly AcceptedStream[]): void {
    if (count > this.#announced) {
      if (this.#host.ledger?.record(count) === false) {
        // The opener looked at the count when it gave up: it may have seen this one, and wait.
        for (const stream of batch) stream.fail(resetCodes.draining, "the opener has given the link up");
        return;
      }
      this.#announced = count;
    }
    for (const stream of batch) this.#start(stream);
  }

  #decide(stream: AcceptedStream, head: Buffer, body: Buffer, ended: boolean): InStreamHandler | null {
    const acceptor = this.#acceptors[stream.kind];
    if (acceptor === undefined) {
      stream.reset(resetCodes.refused, `nobody serves ${kindNames[stream.kind] ?? `kind ${stream.kind}`} streams here`);
      return null;
    }
    try {
      const handler = acceptor(stream, head, body, ended);
      if (handler === null) stream.reset(resetCodes.refused, "the acceptor took no notice of the stream");
      return handler;
    } catch (error) {
      this.#host.onHandlerThrew(stream, error);
      return null;
    }
  }

  #start(stream: AcceptedStream): void {
    try {
      stream.start();
    } catch (error) {
      this.#host.onHandlerThrew(stream, error);
    }
  }
}

const nothing = Buffer.alloc(0);

const kindNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(streamKinds).map(([name, kind]) => [kind, name]),
);
