/**
 * One strict llhttp parser, whichever build of it. A connection owns one and feeds it heads and chunked
 * bodies; bodies of a declared length are counted, not parsed.
 */
export interface MessageParser {
  /** About the head last completed: the connection persists after it. */
  readonly keepAlive: boolean;
  /** About the head last completed: it asks for another protocol, in both fields that this takes. */
  readonly upgrade: boolean;
  /** The chunked body last fed is complete. */
  readonly ended: boolean;
  /** Why the last bytes were refused, in llhttp's words. */
  readonly reason: string;
  /** Makes ready for a head. */
  reset(): void;
  /**
   * Feeds bytes of a head, which may come in pieces. Returns how many of these bytes belonged to the head once
   * it is complete, 0 while more is needed, -1 when it is refused.
   */
  feedHead(bytes: Buffer, from: number, to: number): number;
  /**
   * Feeds what follows the head of a chunked message. Returns the offset after the last byte used, which lies
   * before the end of `bytes` only when the message is complete, or -1 when it is refused. `onData` gets views.
   */
  feedChunks(bytes: Buffer, from: number, onData: (data: Buffer) => void): number;
  /** Gives its memory back; it is not used after. */
  free(): void;
}

/** Makes parsers, one per connection. */
export interface ParserSource {
  readonly name: "wasm" | "native";
  create(): MessageParser;
}
