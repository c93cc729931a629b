import { limits } from "../base/limits.ts";

/** The bounds of a link, each with its reason. */
export const rpcLimits = {
  /** Connecting and proving the token; a peer that takes longer hangs. */
  handshakeTimeoutMs: 5_000,
  /** One message of the handshake: a nonce, a proof and two names. Strangers may not make us keep more. */
  handshakeBytesMax: 1_024,
  /** Handshakes at once on one listener: strangers may not use up our files. */
  handshakesMax: 256,
  /** Head of an OPEN or RESPONSE frame: an HTTP header block is at most 64 KiB, control heads are tiny. */
  headBytesMax: 256 * 1024,
  /** Fixed fields, head and body of the largest frame. */
  frameBytesMax: 256 * 1024 + limits.dataFrameBytesMax + 64,
  /** The text of a RESET. */
  resetMessageBytesMax: 1_024,
  /** Smaller payloads are copied next to their header, larger ones leave as buffers of their own. */
  copyBytesMax: 16 * 1024,
  /** Frames of one loop turn are laid into a buffer of this size, then written at once. */
  corkBytes: 64 * 1024,
  /** With more than this waiting for the socket, bodies wait in their streams and `write` returns false. Above the socket's own mark, so that `drain` fires. */
  socketQueueBytesHigh: 512 * 1024,
  /** With more than this in the socket's queue no stream is opened: better another peer, or an error at once. */
  socketQueueOpenBytesMax: 16 * 1024 * 1024,
  /** Frames that cannot wait (heads, resets) may fill the socket's queue up to here: a peer that reads nothing loses the link. */
  socketQueueBytesMax: 64 * 1024 * 1024,
  /** Body bytes one stream may hold back for credit before a further `write` resets it. */
  streamQueueBytesMax: limits.controlMessageBytesMax,
  /** How often deadlines are looked at: their precision. */
  deadlineSweepMs: 50,
  /** After a failed write we go on reading this long: what the peer said before it went still counts. */
  lingerMs: 1_000,
  /** How often the links of a process are looked at: the precision of the three below. */
  pulseMs: 250,
  /**
   * Nothing came for so long: the link is asked by a PING. One without streams as well: the next request may be one that
   * a silent peer has cost a second already, and must not meet a second silence that nobody has noticed.
   */
  pingAfterMs: 250,
  /** A PING unanswered for so long: others are better. Longer than any collection of garbage. */
  suspectAfterMs: 1_000,
  /** The same, and not even the peer's kernel acknowledges: the link ends. Machines that move stand still for a second or two. */
  cutAfterMs: 3_000,
  /** The last words of a peer that is said to be dead are waited for this long. */
  lastWordsMs: 100,
  /** A control call with one answer, unless the caller says otherwise. */
  callTimeoutMs: 30_000,
  /** Decoded values of a streaming call that wait for their consumer before its stream is paused. */
  streamItemsHigh: 64,
  /** The same in packed bytes, for items that are large. */
  streamItemsBytesHigh: 1024 * 1024,
  /** A re-dial begins after this and slows to the maximum. */
  redialInitialMs: 50,
  redialMaxMs: 1_000,
  redialFactor: 2,
  /** An address that does not answer holds up the next one of the list no longer than this. */
  dialStaggerMs: 300,
  /** A link that lived this long was healthy: the next re-dial is immediate. */
  stableUptimeMs: 5_000,
} as const;
