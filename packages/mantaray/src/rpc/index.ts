/**
 * The one transport of all traffic between processes: links with multiplexed, credit-flow-controlled
 * streams over unix and TCP sockets, and on top of them control calls checked by the schemas of `protocol/`.
 */
export type { CallContext } from "./call-context.ts";
export type { CallOptions } from "./call-options.ts";
export { type Client, createClient } from "./client.ts";
export { type DialOptions, dial } from "./dial.ts";
export { linkPair } from "./link-pair.ts";
export { type LinkServer, type ListenOptions, listen } from "./listen.ts";
export { persistentClient } from "./persistent-client.ts";
export { PersistentLink, type PersistentLinkOptions } from "./persistent-link.ts";
export { resetError } from "./reset-errors.ts";
export { type Implementation, serveService } from "./serve-service.ts";
export {
  type InStream,
  type InStreamHandler,
  type Link,
  type OutStream,
  type OutStreamHandler,
  openFlags,
  type PeerIdentity,
  type ResetCode,
  type StreamAcceptor,
  type StreamKind,
  streamKinds,
} from "./types.ts";
