import { limits } from "../base/limits.ts";
import type { AcceptLedger } from "./accept-ledger.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { FrameViolation } from "./frames.ts";
import { rpcLimits } from "./limits.ts";
import { type Link, type ResetCode, resetCodes, type StreamKind } from "./types.ts";

/** What a stream needs of its link. */
export interface StreamHost {
  readonly link: Link;
  readonly writer: FrameWriter;
  /** Where ends on one machine note what they decided; else, and where the opener must hear of it, ACCEPT frames say so. */
  readonly ledger: AcceptLedger | undefined;
  /** `pump` is called once the socket takes more. */
  awaitSocket(stream: Stream): void;
  /** The stream is over: its slot is free. */
  release(stream: Stream): void;
}

/**
 * What both halves of a stream share: sending under credit and returning credit for what was read.
 *
 * S1 A stream ends once (`finish`); afterwards it sends nothing and its handler is called no more.
 * S2 What is queued goes before what comes later, and END after all of it.
 * S3 A piece of at most `dataFrameBytesMax` is never cut: it arrives as one frame.
 */
export abstract class Stream {
  /** Over: the slot belongs to somebody else. */
  done = false;
  /** On the monotonic clock, where there is a deadline; kept by the link's sweeper, as is its place there. */
  expiresAtMs = 0;
  deadlineIndex = -1;
  /** In the list of streams that wait for the socket; kept by the link. */
  waiting = false;
  readonly kind: StreamKind;
  readonly slot: number;
  readonly generation: number;
  protected readonly host: StreamHost;
  /** The `fromAcceptor` bit of the frames we send. */
  protected readonly side: number;
  #credit: number = limits.streamWindowBytes;
  #allowance: number = limits.streamWindowBytes;
  #consumedBytes = 0;
  #paused = false;
  #queue: Uint8Array[] | undefined;
  #queueHead = 0;
  #queuedBytes = 0;
  #endSent = false;
  #endRequested = false;
  #wantsWritable = false;

  constructor(host: StreamHost, side: number, kind: StreamKind, slot: number, generation: number) {
    this.host = host;
    this.side = side;
    this.kind = kind;
    this.slot = slot;
    this.generation = generation;
  }

  get link(): Link {
    return this.host.link;
  }

  /** Our half is complete, or about to be. */
  get ending(): boolean {
    return this.#endRequested;
  }

  write(chunk: Uint8Array): boolean {
    // A stream that is over takes its time to reach whoever writes: that is no error.
    if (this.done || this.#endRequested) return true;
    this.checkWritable();
    if (this.#queue === undefined && chunk.length <= limits.dataFrameBytesMax && this.#maySend(chunk.length)) {
      if (chunk.length > 0) this.#send(chunk);
    } else {
      if (!this.#enqueue(chunk)) return false;
      this.#drain();
    }
    if (this.done || (this.#queue === undefined && this.#credit > 0 && !this.host.writer.congested)) return true;
    this.#wantsWritable = true;
    this.#awaitSocketIfCongested();
    return false;
  }

  end(): void {
    if (this.done || this.#endRequested) return;
    this.checkWritable();
    this.#endRequested = true;
    if (this.#queue === undefined) this.#sendEnd();
  }

  reset(code: ResetCode, message = ""): void {
    if (this.done) return;
    this.finish();
    const sent = code === resetCodes.linkLost ? resetCodes.canceled : code;
    this.host.writer.reset(this.side, this.generation, this.slot, sent, message);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.consumed(0);
  }

  /** Ends the stream on this side, without a word to the peer. */
  finish(): void {
    if (this.done) return;
    this.done = true;
    this.#queue = undefined;
    this.#queuedBytes = 0;
    this.host.release(this);
  }

  /** Sends what credit and socket allow, then tells the writer when there is room again. May throw what the handler throws. */
  pump(): void {
    if (this.done) return;
    this.#drain();
    if (this.#queue !== undefined) this.#awaitSocketIfCongested();
    else if (this.#endRequested) this.#sendEnd();
    else if (this.#wantsWritable && this.#credit > 0) {
      if (this.host.writer.congested) this.host.awaitSocket(this);
      else {
        this.#wantsWritable = false;
        this.notifyWritable();
      }
    }
  }

  onWindow(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > limits.streamWindowBytes)
      throw new FrameViolation("a WINDOW returned more credit than was used");
    if (this.#queue !== undefined || this.#wantsWritable) this.pump();
  }

  /** Counts body bytes that came in; throws when the peer sent beyond its credit. */
  protected received(bytes: number): void {
    this.#allowance -= bytes;
    if (this.#allowance < 0) throw new FrameViolation("a stream was sent more than its credit");
  }

  /** Body bytes went to the handler: they are credit again, unless it paused. */
  protected consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#consumedBytes < windowUpdateBytes || this.#paused || this.done || this.peerEnded) return;
    this.host.writer.window(this.side, this.generation, this.slot, this.#consumedBytes);
    this.#allowance += this.#consumedBytes;
    this.#consumedBytes = 0;
  }

  /** Body for an OPEN or RESPONSE frame: what fits. The rest is queued, `pump` sends it. */
  protected firstPart(body: Uint8Array): Uint8Array {
    const firstBytes = this.host.writer.congested ? 0 : Math.min(body.length, limits.dataFrameBytesMax);
    this.#credit -= firstBytes;
    if (firstBytes === body.length) return body;
    this.#enqueue(body.subarray(firstBytes));
    return body.subarray(0, firstBytes);
  }

  /** Our half ends with its first frame: true when all of it is in there, else END follows behind the queue. */
  protected endFirst(): boolean {
    this.#endRequested = true;
    this.#endSent = this.#queue === undefined;
    return this.#endSent;
  }

  /** The peer's half is complete. */
  protected abstract readonly peerEnded: boolean;
  /** Throws when this half may not write yet. */
  protected abstract checkWritable(): void;
  protected abstract notifyWritable(): void;
  /** END has left. */
  protected abstract onEndSent(): void;
  /** Ends the stream for a reason of our own: the peer gets a RESET, the handler its terminal call. */
  abstract fail(code: ResetCode, message: string): void;

  #maySend(bytes: number): boolean {
    return bytes <= this.#credit && !this.host.writer.congested;
  }

  #drain(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    while (this.#queueHead < queue.length) {
      const chunk = queue[this.#queueHead] as Uint8Array;
      const piece = chunk.length > limits.dataFrameBytesMax ? chunk.subarray(0, limits.dataFrameBytesMax) : chunk;
      if (!this.#maySend(piece.length)) return;
      if (piece === chunk) this.#queueHead += 1;
      else queue[this.#queueHead] = chunk.subarray(piece.length);
      this.#queuedBytes -= piece.length + (piece === chunk ? queueEntryBytes : 0);
      this.#send(piece);
    }
    this.#queue = undefined;
    this.#queueHead = 0;
  }

  #send(chunk: Uint8Array): void {
    this.#credit -= chunk.length;
    this.host.writer.data(this.side, this.generation, this.slot, chunk);
  }

  #sendEnd(): void {
    if (this.#endSent) return;
    this.#endSent = true;
    this.host.writer.end(this.side, this.generation, this.slot);
    this.onEndSent();
  }

  /** False: the writer ignores back-pressure, the stream is gone. */
  #enqueue(chunk: Uint8Array): boolean {
    if (this.#queuedBytes >= rpcLimits.streamQueueBytesMax) {
      this.fail(resetCodes.tooLarge, `over ${rpcLimits.streamQueueBytesMax} bytes wait for a peer that does not read`);
      return false;
    }
    this.#queue ??= [];
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length + queueEntryBytes;
    return true;
  }

  #awaitSocketIfCongested(): void {
    if (this.host.writer.congested) this.host.awaitSocket(this);
  }
}

/** Credit goes back in halves of the window: few frames, and the peer never runs dry. */
const windowUpdateBytes = limits.streamWindowBytes / 2;
/** Many tiny chunks must not slip past the limit of a queue. */
const queueEntryBytes = 64;
