/**
 * Layout of the data-plane heads (hand-laid: no msgpack, no JSON on the request path). Numbers are
 * big-endian; routePrefix is UTF-8, requestId and clientAddress are ASCII.
 *
 * HTTP request, head of an OPEN frame of kind `http`:
 *   u8 version (1) | u8 flags | u16 routePrefixLength | u16 requestIdLength | u16 clientAddressLength
 *   | routePrefix | requestId | clientAddress | raw head block
 * The raw head block is the client's own bytes: request line and header fields up to and including the
 * empty line, already checked by llhttp. Hop-by-hop fields are skipped by whoever parses it.
 *
 * HTTP response, head of a RESPONSE frame:
 *   u8 flags | u16 status | HTTP/1.1 head bytes ready to send: status line, fields, empty line.
 * The replica writes `content-length`, or `transfer-encoding: chunked` with flag `streamed`; the proxy
 * frames the chunks, and adds `connection` where it must.
 */
export const httpHeadVersion = 1;

/** Flags of a request head. */
export const requestFlags = {
  /** The client asked for another protocol (`Upgrade`). */
  upgrade: 1,
  /** A retry: the replica may see it in its context. */
  retry: 2,
  /** It has an `Idempotency-Key`, and its deployment lets such requests run once. */
  keyed: 4,
} as const;

/** Flags of a response head. */
export const responseFlags = {
  /** Body of unknown length: DATA frames follow, the proxy frames them as chunks. */
  streamed: 1,
  /** No body on the wire whatever the fields say (HEAD, 204, 304). */
  bodyless: 2,
} as const;

/** Bytes before the variable part of a request head. */
export const requestHeadFixedBytes = 8;
/** Bytes before the HTTP head of a response. */
export const responseHeadFixedBytes = 3;
