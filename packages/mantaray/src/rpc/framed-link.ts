import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { AcceptLedger } from "./accept-ledger.ts";
import { DeadlineSweeper } from "./deadline-sweeper.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FrameViolation, frameTypes, fromAcceptor, readU32 } from "./frames.ts";
import { AcceptedStream } from "./in-stream.ts";
import { type InboundHost, InboundStreams } from "./inbound-streams.ts";
import { rpcLimits } from "./limits.ts";
import { LinkLife } from "./link-life.ts";
import type { OpenedStream, OutStreamHost } from "./out-stream.ts";
import { goawayReset, OutboundStreams } from "./outbound-streams.ts";
import { type Pulsed, processPulse } from "./pulse.ts";
import type { Stream } from "./stream.ts";
import {
  type Link,
  type OutStream,
  type OutStreamHandler,
  type PeerIdentity,
  resetCodes,
  type StreamAcceptor,
  type StreamKind,
  streamKinds,
} from "./types.ts";
import type { KernelLook } from "./wire/kernel-look.ts";
import type { Wire } from "./wire/wire.ts";

type AnyStream = OpenedStream | AcceptedStream;

/** A link over a wire whose handshake is done: ties reader, writer and both tables of streams together. */
export class FramedLink implements Link, FrameSink, OutStreamHost, InboundHost, Pulsed {
  readonly peer: PeerIdentity;
  readonly writer: FrameWriter;
  readonly ledger: AcceptLedger | undefined;
  localLoad = 0;
  #state: "open" | "closed" = "open";
  #peerDraining = false;
  #withdrawn = false;
  readonly #log: Log;
  readonly #wire: Wire;
  readonly #reader: FrameReader;
  readonly #outbound: OutboundStreams;
  readonly #inbound: InboundStreams;
  readonly #deadlines = new DeadlineSweeper<AnyStream>((stream) =>
    this.#guard(stream, () => stream.fail(resetCodes.deadlineExceeded, "the deadline passed")),
  );
  /** Streams with something to send that the socket would not take. */
  #awaitingSocket: Stream[] = [];
  #closeReason = "";
  readonly #closeListeners: ((reason: string) => void)[] = [];
  readonly #drainingListeners: (() => void)[] = [];
  readonly #suspectListeners: ((suspect: boolean) => void)[] = [];
  readonly #life: LinkLife;

  constructor(wire: Wire, peer: PeerIdentity, log: Log, ledger?: AcceptLedger) {
    this.ledger = ledger;
    this.#wire = wire;
    this.peer = peer;
    this.#log = log;
    this.writer = new FrameWriter(wire.duplex, () => this.#onSocketProgress());
    this.#reader = new FrameReader(this);
    this.#outbound = new OutboundStreams(this);
    this.#inbound = new InboundStreams(this);
    wire.onChunk = (chunk) => this.receive(chunk);
    this.#life = new LinkLife({
      ping: () => this.writer.ping(),
      onSuspectChange: (suspect) => {
        for (const listener of this.#suspectListeners) this.#notify(() => listener(suspect));
      },
      onCut: () => this.#onCut(),
    });
    wire.duplex.once("close", () => this.#onEnd("the peer closed the link"));
    wire.duplex.once("end", () => this.#onEnd("the peer closed the link"));
    wire.duplex.on("error", (error: NodeJS.ErrnoException) => {
      if (networkErrors.has(error.code ?? "")) this.close(error.message);
      else this.#onEnd(error.message);
    });
    processPulse.add(this);
  }

  get link(): Link {
    return this;
  }

  get closed(): boolean {
    return this.#state === "closed";
  }

  get streams(): number {
    return this.#outbound.count + this.#inbound.count;
  }

  get suspect(): boolean {
    return this.#life.suspect && !this.closed;
  }

  get peerDraining(): boolean {
    return this.#peerDraining;
  }

  get acceptedCount(): number {
    return this.#outbound.acceptedCount;
  }

  get acceptedCountNow(): number {
    return this.#outbound.acceptedCountNow;
  }

  announceStarted(): void {
    this.#inbound.announceStarted();
  }

  accept(kind: StreamKind, acceptor: StreamAcceptor): void {
    this.#inbound.accept(kind, acceptor);
  }

  open(
    kind: StreamKind,
    flags: number,
    deadlineMs: number,
    head: Uint8Array,
    body: Uint8Array | null,
    handler: OutStreamHandler,
  ): OutStream {
    if (this.closed) throw new MantaError("link_lost", `the link is closed: ${this.#closeReason}`);
    if (this.#peerDraining || this.#withdrawn) throw new MantaError("draining", "the peer takes no more streams");
    if (head.length > rpcLimits.headBytesMax) {
      throw new MantaError(
        "payload_too_large",
        `the head of a stream has ${head.length} bytes, the limit is ${rpcLimits.headBytesMax}`,
      );
    }
    if (this.writer.queuedBytes > rpcLimits.socketQueueOpenBytesMax) {
      throw new MantaError("resource_exhausted", `${this.writer.queuedBytes} bytes wait for a peer that does not read`);
    }
    const stream = this.#outbound.add(kind, flags, handler);
    const wholeMs = deadlineMs <= 0 ? 0 : Math.min(0xffffffff, Math.max(1, Math.ceil(deadlineMs)));
    if (wholeMs > 0) this.watchDeadline(stream, wholeMs);
    stream.start(flags, wholeMs, head, body ?? nothing);
    return stream;
  }

  drain(): Promise<void> {
    if (!this.closed) this.#inbound.drain();
    if (this.closed || this.#inbound.count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#inbound.whenEmpty(resolve));
  }

  withdraw(): void {
    if (this.closed || this.#withdrawn) return;
    this.#withdrawn = true;
    for (const stream of this.#outbound.withdraw()) this.#guard(stream, () => stream.withdraw());
    for (const stream of this.#outbound.all()) this.#guard(stream, () => stream.onSilent());
    this.#closeWhenIdle();
  }

  close(reason = "closed here"): void {
    if (this.closed) return;
    // What the peer said last was not read.
    this.#outbound.assumeAccepted();
    this.#end(reason, () => this.#wire.close());
  }

  peerDied(reason: string): void {
    if (this.closed) return;
    if (this.ledger !== undefined || this.#outbound.count === 0) this.close(reason);
    else setTimeout(() => this.close(reason), rpcLimits.lastWordsMs).unref();
  }

  beat(look: KernelLook): void {
    this.#life.beat(() => this.#wire.unreachable?.(look) ?? false);
  }

  /** The peer's process or kernel ended it: all that it said has been read, unless the network swallowed some. */
  #onEnd(reason: string): void {
    if (this.#life.unreachable) this.close(reason);
    else this.#end(reason, () => this.#wire.close());
  }

  #onCut(): void {
    this.#log.warn({ peer: this.peer, silentMs: rpcLimits.cutAfterMs }, "link closed: the network to the peer is cut");
    this.#outbound.assumeAccepted();
    this.#end("the network to the peer is cut", () => {
      if (this.#wire.drop === undefined) this.#wire.close();
      else this.#wire.drop();
    });
  }

  #end(reason: string, closeWire: () => void): void {
    if (this.closed) return;
    this.#state = "closed";
    this.#closeReason = reason;
    processPulse.remove(this);
    // What is laid already still leaves, a GOAWAY or RESET above all.
    this.writer.flush();
    this.#deadlines.stop();
    this.#awaitingSocket = [];
    closeWire();
    this.#outbound.onLinkLost();
    this.ledger?.close();
    for (const stream of [...this.#outbound.all(), ...this.#inbound.all()]) {
      this.#guard(stream, () => stream.onReset(resetCodes.linkLost, reason));
    }
    for (const listener of this.#closeListeners) this.#notify(() => listener(reason));
  }

  onClose(listener: (reason: string) => void): void {
    if (this.closed) queueMicrotask(() => listener(this.#closeReason));
    else this.#closeListeners.push(listener);
  }

  onPeerDraining(listener: () => void): void {
    this.#drainingListeners.push(listener);
  }

  onSuspectChange(listener: (suspect: boolean) => void): void {
    this.#suspectListeners.push(listener);
  }

  /** Bytes from the wire: valid only during the call. */
  receive(chunk: Buffer): void {
    if (this.closed) return;
    this.#life.heard = true;
    try {
      this.#reader.push(chunk);
      if (!this.closed) this.#inbound.afterRead();
    } catch (error) {
      if (error instanceof FrameViolation) return this.#violated(error);
      this.#log.error({ peer: this.peer, err: error }, "link closed: a defect while reading");
      this.close("internal error while reading");
    }
  }

  onFrame(type: number, generation: number, slot: number, buffer: Buffer, start: number, end: number): void {
    if (type === frameTypes.open) this.#inbound.onOpen(generation, slot, buffer, start, end);
    else if (type === frameTypes.accept) this.#outbound.onAccept(readU32(buffer, start));
    else if (type === frameTypes.goaway) this.#onGoaway(readU32(buffer, start));
    else if (type === frameTypes.ping) this.writer.pong();
    else if (type === frameTypes.pong) return;
    else if ((type & fromAcceptor) !== 0) {
      const stream = this.#outbound.find(generation, slot);
      if (stream === undefined) return;
      try {
        this.#outbound.onFrame(type, stream, buffer, start, end);
      } catch (error) {
        this.onHandlerThrew(stream, error);
      }
    } else {
      const stream = this.#inbound.find(generation, slot);
      if (stream === undefined) return;
      try {
        this.#inbound.onFrame(type, stream, buffer, start, end);
      } catch (error) {
        this.onHandlerThrew(stream, error);
      }
    }
  }

  takesParts(type: number, generation: number, slot: number): boolean {
    const isAnswer = (type & fromAcceptor) !== 0;
    const stream = isAnswer ? this.#outbound.find(generation, slot) : this.#inbound.find(generation, slot);
    return stream === undefined || stream.kind === streamKinds.http;
  }

  #guard(stream: AnyStream, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.onHandlerThrew(stream, error);
    }
  }

  watchDeadline(stream: AnyStream, deadlineMs: number): void {
    this.#deadlines.watch(stream, deadlineMs);
  }

  awaitSocket(stream: Stream): void {
    if (stream.waiting) return;
    stream.waiting = true;
    this.#awaitingSocket.push(stream);
  }

  release(stream: Stream): void {
    if (stream instanceof AcceptedStream) this.#inbound.remove(stream);
    else this.#outbound.remove(stream as OpenedStream);
    this.#deadlines.unwatch(stream as AnyStream);
    if (this.#withdrawn) this.#closeWhenIdle();
  }

  /** Later: whoever ends the last stream is in the middle of it. */
  #closeWhenIdle(): void {
    queueMicrotask(() => {
      if (this.streams === 0) this.close("withdrawn");
    });
  }

  #onGoaway(wireCount: number): void {
    if (this.#peerDraining) return;
    this.#peerDraining = true;
    for (const stream of this.#outbound.onGoaway(wireCount)) {
      this.#guard(stream, () => stream.onReset(goawayReset.code, goawayReset.message));
    }
    for (const listener of this.#drainingListeners) this.#notify(listener);
  }

  /** After each flush and each drain of the socket: streams go on where there is room, in turn. */
  #onSocketProgress(): void {
    if (this.closed) return;
    if (this.writer.queuedBytes > rpcLimits.socketQueueBytesMax) {
      this.#log.warn({ peer: this.peer, queuedBytes: this.writer.queuedBytes }, "link closed: the peer does not read");
      this.close("resource_exhausted: the peer does not read");
      return;
    }
    if (this.#awaitingSocket.length === 0 || this.writer.congested) return;
    const streams = this.#awaitingSocket;
    this.#awaitingSocket = [];
    for (const stream of streams) {
      stream.waiting = false;
      this.#guard(stream as AnyStream, () => stream.pump());
    }
  }

  #violated(violation: FrameViolation): void {
    this.#log.warn({ peer: this.peer, err: violation }, "link closed: the peer broke the protocol");
    this.close(`protocol_error: ${violation.message}`);
  }

  /** A handler threw: its stream ends with `internal`, the link and the process go on. */
  onHandlerThrew(stream: AnyStream, error: unknown): void {
    if (error instanceof FrameViolation) throw error;
    this.#log.error({ peer: this.peer, err: error }, "the handler of a stream threw");
    try {
      stream.fail(resetCodes.internal, error instanceof Error ? error.message : String(error));
    } catch (again) {
      this.#log.error({ peer: this.peer, err: again }, "the handler of a stream threw at its end");
    }
  }

  #notify(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error({ peer: this.peer, err: error }, "a listener of a link threw");
    }
  }
}

const nothing = Buffer.alloc(0);

/** The kernel gave the connection up by itself: the peer did not end it. */
const networkErrors = new Set(["ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN"]);
