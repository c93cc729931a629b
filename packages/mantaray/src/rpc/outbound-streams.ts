import { MantaError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import {
  FrameViolation,
  frameTypes,
  fromAcceptor,
  readU16,
  readU32,
  responseEnd,
  responseFixedBytes,
} from "./frames.ts";
import { rpcLimits } from "./limits.ts";
import { OpenedStream, type OutStreamHost } from "./out-stream.ts";
import { type OutStreamHandler, type ResetCode, resetCodes, type StreamKind } from "./types.ts";

/**
 * The streams this side opened, by slot. A slot array with generations instead of a map of rising ids:
 * rehashed map tables in old space made some processes collect garbage three times as long.
 */
export class OutboundStreams {
  /** The peer decided over the first so many of our OPENs. */
  acceptedCount = 0;
  count = 0;
  readonly #host: OutStreamHost;
  readonly #slots: (OpenedStream | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  #opened = 0;

  constructor(host: OutStreamHost) {
    this.#host = host;
  }

  /** Throws `resource_exhausted` when every slot is taken. The caller writes the OPEN by `start`. */
  add(kind: StreamKind, flags: number, handler: OutStreamHandler): OpenedStream {
    const slot = this.#free.pop() ?? this.#newSlot();
    const generation = ((this.#generations[slot] as number) + 1) & 0xffff;
    this.#generations[slot] = generation;
    this.#opened += 1;
    const stream = new OpenedStream(this.#host, kind, slot, generation, this.#opened, flags, handler);
    this.#slots[slot] = stream;
    this.count += 1;
    return stream;
  }

  remove(stream: OpenedStream): void {
    this.#slots[stream.slot] = undefined;
    this.#free.push(stream.slot);
    this.count -= 1;
  }

  /** The stream a frame means, or undefined when it is over: its last frames crossed ours. */
  find(generation: number, slot: number): OpenedStream | undefined {
    const stream = this.#slots[slot];
    return stream !== undefined && stream.generation === generation ? stream : undefined;
  }

  all(): OpenedStream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** Every frame of an acceptor about one of our streams. */
  onFrame(type: number, stream: OpenedStream, buffer: Buffer, start: number, end: number): void {
    switch (type & ~fromAcceptor) {
      case frameTypes.response:
        return onResponse(stream, buffer, start, end);
      case frameTypes.data:
        return stream.onData(buffer.subarray(start, end));
      case frameTypes.end:
        return stream.onEnd();
      case frameTypes.reject:
        return stream.onReject(readU16(buffer, start));
      case frameTypes.reset:
        return stream.onReset(buffer[start] as ResetCode, buffer.toString("utf8", start + 1, end));
      case frameTypes.window:
        return stream.onWindow(readU32(buffer, start));
      default:
        throw new FrameViolation(`an acceptor sent a frame of type ${type}`);
    }
  }

  onAccept(wireCount: number): void {
    this.acceptedCount = this.#absolute(wireCount);
  }

  get acceptedCountNow(): number {
    const { ledger } = this.#host;
    return ledger === undefined ? this.acceptedCount : this.#absolute(ledger.count());
  }

  /** No more frames come: what the peer decided last is in the ledger. */
  onLinkLost(): void {
    const { ledger } = this.#host;
    if (ledger === undefined) return;
    try {
      this.acceptedCount = this.#absolute(ledger.seal());
    } catch {
      // Unreadable: any of them may have started.
      this.acceptedCount = this.#opened;
    }
  }

  /** What the peer decided last is lost with the network: any of them may have started. */
  assumeAccepted(): void {
    if (this.#host.ledger === undefined) this.acceptedCount = this.#opened;
  }

  /** We give up on a silent peer: the streams that it has not begun with, and now never will. */
  withdraw(): OpenedStream[] {
    if (this.#host.ledger === undefined) return [];
    this.onLinkLost();
    return this.all().filter((stream) => stream.awaitsAcceptance);
  }

  /** The peer takes no more: what it had not seen when it said so never started. Returns those streams. */
  onGoaway(wireCount: number): OpenedStream[] {
    const decided = this.#absolute(wireCount);
    return this.all().filter((stream) => stream.sequence > decided);
  }

  /** Counts travel as 32 bits and only grow. */
  #absolute(wireCount: number): number {
    const absolute = this.#opened - ((this.#opened - wireCount) >>> 0);
    if (absolute < this.acceptedCount) throw new FrameViolation("the peer decided over more streams than were opened");
    return absolute;
  }

  #newSlot(): number {
    const slot = this.#slots.length;
    if (slot >= limits.linkStreamsMax) {
      throw new MantaError("resource_exhausted", `the link has ${slot} open streams, the limit`);
    }
    this.#slots.push(undefined);
    this.#generations.push(0);
    return slot;
  }
}

const onResponse = (stream: OpenedStream, buffer: Buffer, start: number, end: number): void => {
  const headStart = start + responseFixedBytes;
  const bodyStart = headStart + readU32(buffer, start + 3);
  if (bodyStart > end || bodyStart - headStart > rpcLimits.headBytesMax || end - bodyStart > limits.dataFrameBytesMax) {
    throw new FrameViolation("the parts of a RESPONSE frame are longer than allowed");
  }
  const ended = ((buffer[start] as number) & responseEnd) !== 0;
  const body = bodyStart === end ? nothing : buffer.subarray(bodyStart, end);
  stream.onResponse(buffer.subarray(headStart, bodyStart), body, ended, readU16(buffer, start + 1));
};

const nothing = Buffer.alloc(0);

/** What a stream hears that the peer's GOAWAY cut off. */
export const goawayReset = { code: resetCodes.draining, message: "the peer takes no more streams" } as const;
