/**
 * What the layers above see of a link: a persistent duplex socket that carries multiplexed,
 * credit-flow-controlled streams. Either side opens streams. Buffers handed to a handler are views of the
 * read buffer and valid only during the call: whoever keeps bytes, or writes them to another stream, copies
 * them.
 *
 * The end of the answer ends the stream, also where the opener still sends. A `write` of at most
 * `limits.dataFrameBytesMax` arrives as one `onData`, larger ones in pieces of that size; on `http` streams,
 * which carry bytes and no messages, pieces may be cut anywhere.
 */

/** What a stream carries, one byte on the wire. */
export const streamKinds = { call: 1, http: 2, invoke: 3 } as const;
export type StreamKind = (typeof streamKinds)[keyof typeof streamKinds];

/** Why a stream ended early, one byte on the wire. */
export const resetCodes = {
  canceled: 1,
  deadlineExceeded: 2,
  internal: 3,
  refused: 4,
  draining: 5,
  protocolError: 6,
  tooLarge: 7,
  /** Never sent: the link itself broke. */
  linkLost: 255,
} as const;
export type ResetCode = (typeof resetCodes)[keyof typeof resetCodes];

/** Flags of an OPEN frame. */
export const openFlags = {
  /** Our half is complete: head and body are in this one frame. */
  end: 1,
  /**
   * The opener must learn that the work was accepted before user code runs (DESIGN section 8). The
   * acceptor's link hands ACCEPT to the kernel before it calls `onStart`.
   */
  acceptRequired: 2,
} as const;

/** The opener's half of a stream. */
export interface OutStream {
  readonly link: Link;
  /** The peer has decided, and user code may run, unless a refusal is on its way; or there is an answer. */
  readonly accepted: boolean;
  /**
   * Sends body bytes; false: out of credit or the socket is full, wait for `onWritable`. What is written
   * nevertheless is queued up to a bound, past which the stream is reset with `tooLarge`. The chunk belongs
   * to the link after the call: it must not change. On a stream that is over bytes are dropped.
   */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** Cancels: the acceptor's `onReset` fires. No handler call follows. */
  reset(code: ResetCode, message?: string): void;
  /** Stop and resume reading the answer's body: no credit is returned while paused. What is on its way still comes, at most one window. */
  pause(): void;
  resume(): void;
}

/** Calls the opener gets about its stream, in order: onReject | onResponse, onData*, onEnd | onReset at any point. */
export interface OutStreamHandler {
  /** The acceptor took no notice of it: safe to send elsewhere. `load` is its queue length. Terminal. */
  onReject(load: number): void;
  onResponse(head: Buffer, body: Buffer, end: boolean, load: number): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /**
   * Terminal. `accepted` false: the acceptor never started user code, any method may be re-sent. Exact for
   * streams with `acceptRequired` as long as the acceptor's machine lives; for others true unless the peer
   * refused, drained or never got the stream.
   */
  onReset(code: ResetCode, message: string, accepted: boolean): void;
  onWritable(): void;
  /** The link was withdrawn while this stream had no answer, and it may have started: the handler may reset it. */
  onSilent?(): void;
}

/** The acceptor's half of a stream. */
export interface InStream {
  readonly link: Link;
  readonly kind: StreamKind;
  /** Time left when it was opened, ms; 0 for no deadline. */
  readonly deadlineMs: number;
  /** Only inside `onOpen`: takes no notice of the stream; the opener gets `onReject(load)`. */
  reject(load: number): void;
  /** Opening of the answer, once. `end`: the whole answer, of any size; both buffers belong to the link after the call. */
  respond(head: Uint8Array, body: Uint8Array | null, end: boolean): void;
  write(chunk: Uint8Array): boolean;
  end(): void;
  reset(code: ResetCode, message?: string): void;
  pause(): void;
  resume(): void;
}

/** Calls the acceptor gets about one stream. */
export interface InStreamHandler {
  /** User code may run now: ACCEPT is with the kernel where it was required. */
  onStart(): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** The opener canceled, its deadline passed, or the link broke. Terminal. */
  onReset(code: ResetCode, message: string): void;
  onWritable(): void;
}

/**
 * Decides over an opened stream, synchronously: returns its handler, or null after `stream.reject`
 * or `stream.reset`. Must not run user code: that begins at `onStart`.
 */
export type StreamAcceptor = (stream: InStream, head: Buffer, body: Buffer, end: boolean) => InStreamHandler | null;

/** Who is at the other end, as the handshake proved. */
export interface PeerIdentity {
  /** "agent", "worker", "gcs", "dashboard", "cli", "client". */
  readonly role: string;
  /** Node, worker or actor id, or empty. */
  readonly id: string;
}

/** A live link. It never reconnects: `PersistentLink` makes new ones. */
export interface Link {
  readonly peer: PeerIdentity;
  readonly closed: boolean;
  /** Streams open in both directions. */
  readonly streams: number;
  /** Sent as `load` with every response frame. */
  localLoad: number;
  /** Set by whoever serves this kind of stream, replacing the one before; without one, streams of the kind are refused. */
  accept(kind: StreamKind, acceptor: StreamAcceptor): void;
  /**
   * Opens a stream. `body` null: none yet; it may have any size and belongs to the link after the call.
   * `deadlineMs` 0: none; when it passes, both handlers get `deadlineExceeded`.
   * Throws `resource_exhausted` at the limit of streams, `link_lost` when closed, `draining` after GOAWAY.
   */
  open(
    kind: StreamKind,
    flags: number,
    deadlineMs: number,
    head: Uint8Array,
    body: Uint8Array | null,
    handler: OutStreamHandler,
  ): OutStream;
  /** GOAWAY: the peer opens no more streams, open ones finish. Resolves when none that the peer opened is left. */
  drain(): Promise<void>;
  /** The peer sent GOAWAY. */
  readonly peerDraining: boolean;
  /**
   * Gives up on a silent peer without ending what it runs: no stream can be opened here any more. Over a unix
   * socket, where both ends note what they decided, streams with `acceptRequired` that the peer never decided
   * end with `draining`, not accepted, which is exact; every other unanswered stream hears `onSilent`. The
   * link closes when its last stream has ended.
   */
  withdraw(): void;
  /**
   * Nothing came for over a second though a PING asks for it: others are better while there are others. Busy and
   * stopped peers are suspect too. A link ends by itself only when for three seconds not even the peer's kernel
   * acknowledges anything (known on Linux, over TCP).
   */
  readonly suspect: boolean;
  /**
   * Closes now; open streams see `linkLost`. On a link without a ledger, streams which the peer may have accepted
   * unheard count as accepted.
   */
  close(reason?: string): void;
  /** Somebody who knows says that the peer's process is dead: closes once its last words are read, within 100 ms. */
  peerDied(reason: string): void;
  /** Fires once, whoever closed it. */
  onClose(listener: (reason: string) => void): void;
  onPeerDraining(listener: () => void): void;
  /** Each time `suspect` changes while the link is open. */
  onSuspectChange(listener: (suspect: boolean) => void): void;
}
