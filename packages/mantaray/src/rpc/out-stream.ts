import { FrameViolation } from "./frames.ts";
import { Stream, type StreamHost } from "./stream.ts";
import {
  type OutStream,
  type OutStreamHandler,
  openFlags,
  type ResetCode,
  resetCodes,
  type StreamKind,
} from "./types.ts";

/** What an opener needs to know of its link's OPENs. */
export interface OutStreamHost extends StreamHost {
  /** The peer said in frames that the first so many OPENs of this link are decided; once the link is lost, all that are. */
  readonly acceptedCount: number;
  /** The same with what it has not said yet. REJECTs of some may be on their way. */
  readonly acceptedCountNow: number;
}

/** The opener's half of a stream. The end of the answer ends the stream, whatever the opener still sends. */
export class OpenedStream extends Stream implements OutStream {
  protected peerEnded = false;
  /** Which OPEN of the link it was, from 1. */
  readonly sequence: number;
  readonly #outHost: OutStreamHost;
  readonly #handler: OutStreamHandler;
  readonly #acceptRequired: boolean;
  #answered = false;

  constructor(
    host: OutStreamHost,
    kind: StreamKind,
    slot: number,
    generation: number,
    sequence: number,
    flags: number,
    handler: OutStreamHandler,
  ) {
    super(host, 0, kind, slot, generation);
    this.#outHost = host;
    this.sequence = sequence;
    this.#handler = handler;
    this.#acceptRequired = (flags & openFlags.acceptRequired) !== 0;
  }

  get accepted(): boolean {
    return this.#knownAccepted || this.sequence <= this.#outHost.acceptedCountNow;
  }

  get #knownAccepted(): boolean {
    return this.#answered || this.sequence <= this.#outHost.acceptedCount;
  }

  /** It must not start without a decision, and none is known. */
  get awaitsAcceptance(): boolean {
    return this.#acceptRequired && !this.#knownAccepted;
  }

  /** Writes the OPEN frame. */
  start(flags: number, deadlineMs: number, head: Uint8Array, body: Uint8Array): void {
    const first = this.firstPart(body);
    const whole = (flags & openFlags.end) !== 0 && this.endFirst();
    const sentFlags = whole ? flags : flags & ~openFlags.end;
    this.host.writer.open(this.generation, this.slot, this.kind, sentFlags, deadlineMs, head, first);
    if (first !== body) this.pump();
  }

  onReject(load: number): void {
    this.finish();
    this.#handler.onReject(load);
  }

  onResponse(head: Buffer, body: Buffer, end: boolean, load: number): void {
    if (this.#answered) throw new FrameViolation("a stream was answered twice");
    this.#answered = true;
    this.received(body.length);
    if (end) this.finish();
    this.#handler.onResponse(head, body, end, load);
    if (!end) this.consumed(body.length);
  }

  onData(chunk: Buffer): void {
    if (!this.#answered) throw new FrameViolation("DATA came before RESPONSE");
    this.received(chunk.length);
    this.#handler.onData(chunk);
    this.consumed(chunk.length);
  }

  onEnd(): void {
    if (!this.#answered) throw new FrameViolation("END came before RESPONSE");
    this.finish();
    this.#handler.onEnd();
  }

  /** The peer ended it early, or the link is lost: nothing more is sent. */
  onReset(code: ResetCode, message: string): void {
    const started = this.#mayHaveStarted(this.#knownAccepted, code);
    this.finish();
    this.#handler.onReset(code, message, started);
  }

  override fail(code: ResetCode, message: string): void {
    if (this.done) return;
    this.reset(code, message);
    this.#handler.onReset(code, message, this.#mayHaveStarted(this.accepted, code));
  }

  /** The ledger says that it never started, and it is sealed: it never will. */
  withdraw(): void {
    if (this.done) return;
    this.reset(resetCodes.canceled, "withdrawn");
    this.#handler.onReset(resetCodes.draining, "the peer is silent", false);
  }

  onSilent(): void {
    if (!this.done && !this.#answered) this.#handler.onSilent?.();
  }

  protected override checkWritable(): void {}

  protected override notifyWritable(): void {
    this.#handler.onWritable();
  }

  protected override onEndSent(): void {}

  /** Exact where ACCEPT was asked for; else true unless the answer itself says that nothing began. */
  #mayHaveStarted(accepted: boolean, code: ResetCode): boolean {
    if (accepted) return true;
    if (this.#acceptRequired) return false;
    return code !== resetCodes.refused && code !== resetCodes.draining;
  }
}
