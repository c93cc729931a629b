import { MantaError } from "../base/errors.ts";
import { FrameViolation, fromAcceptor } from "./frames.ts";
import { Stream, type StreamHost } from "./stream.ts";
import type { InStream, InStreamHandler, ResetCode, StreamKind } from "./types.ts";

/** What an accepted stream needs of its link. */
export interface InStreamHost extends StreamHost {
  /** Tells the opener that what has started has: before a RESET, which it might take for a refusal. */
  announceStarted(): void;
}

/**
 * The acceptor's half of a stream. Between the decision and `start` (ACCEPT may still be on its way to the
 * kernel) what comes in is held: bounded by the window, whose credit goes back only after the hand-over.
 */
export class AcceptedStream extends Stream implements InStream {
  readonly deadlineMs: number;
  protected peerEnded: boolean;
  readonly #inHost: InStreamHost;
  /** Body bytes of the OPEN frame, handed over in `onOpen`. */
  readonly #openBytes: number;
  #handler: InStreamHandler | undefined;
  #deciding = true;
  #started = false;
  #responded = false;
  /** Came before `start`: copies. */
  #held: Buffer[] | undefined;

  constructor(
    host: InStreamHost,
    slot: number,
    generation: number,
    kind: StreamKind,
    deadlineMs: number,
    bodyBytes: number,
    ended: boolean,
  ) {
    super(host, fromAcceptor, kind, slot, generation);
    this.#inHost = host;
    this.deadlineMs = deadlineMs;
    this.peerEnded = ended;
    this.#openBytes = bodyBytes;
    this.received(bodyBytes);
  }

  /** The acceptor has decided. Returns whether the stream goes on to `start`. */
  decided(handler: InStreamHandler | null): boolean {
    this.#deciding = false;
    if (this.done || handler === null) return false;
    this.#handler = handler;
    return true;
  }

  /** User code may run now. */
  start(): void {
    if (this.done) return;
    this.#started = true;
    this.#handler?.onStart();
    this.consumed(this.#openBytes);
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    for (const chunk of held) {
      if (this.done) return;
      this.#deliver(chunk);
    }
    if (this.peerEnded && !this.done) this.#handler?.onEnd();
  }

  reject(load: number): void {
    if (!this.#deciding) throw new MantaError("internal", "a stream can be rejected only while it is offered");
    if (this.done) return;
    this.finish();
    this.host.writer.reject(this.generation, this.slot, clampLoad(load));
  }

  respond(head: Uint8Array, body: Uint8Array | null, end: boolean): void {
    if (this.done) return;
    if (this.#responded) throw new MantaError("internal", "a stream can be answered only once");
    this.#responded = true;
    const all = body ?? nothing;
    const first = this.firstPart(all);
    const whole = end && this.endFirst();
    const load = clampLoad(this.host.link.localLoad);
    this.host.writer.response(this.generation, this.slot, whole, load, head, first);
    if (whole) this.finish();
    else if (first !== all) this.pump();
  }

  override reset(code: ResetCode, message = ""): void {
    if (this.#started && !this.#responded && !this.done) this.#inHost.announceStarted();
    super.reset(code, message);
  }

  onData(chunk: Buffer): void {
    if (this.peerEnded) throw new FrameViolation("DATA came after END");
    this.received(chunk.length);
    if (this.#started && this.#held === undefined) this.#deliver(chunk);
    else this.#hold().push(Buffer.from(chunk));
  }

  onEnd(): void {
    if (this.peerEnded) throw new FrameViolation("END came twice");
    this.peerEnded = true;
    if (this.#started && this.#held === undefined) this.#handler?.onEnd();
    else this.#hold();
  }

  /** The opener ended it early, or the link is lost. */
  onReset(code: ResetCode, message: string): void {
    this.finish();
    this.#handler?.onReset(code, message);
  }

  override fail(code: ResetCode, message: string): void {
    if (this.done) return;
    this.reset(code, message);
    this.#handler?.onReset(code, message);
  }

  protected override checkWritable(): void {
    if (!this.#responded) throw new MantaError("internal", "a stream must be answered before more of it is sent");
  }

  protected override notifyWritable(): void {
    this.#handler?.onWritable();
  }

  /** The end of the answer is the end of the stream. */
  protected override onEndSent(): void {
    this.finish();
  }

  #hold(): Buffer[] {
    this.#held ??= [];
    return this.#held;
  }

  #deliver(chunk: Buffer): void {
    this.#handler?.onData(chunk);
    this.consumed(chunk.length);
  }
}

const nothing = Buffer.alloc(0);

const clampLoad = (load: number): number => Math.max(0, Math.min(0xffff, Math.trunc(load)));
