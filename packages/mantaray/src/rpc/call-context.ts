import type { Link, PeerIdentity } from "./types.ts";

/** What an implementation learns about the call at hand. */
export interface CallContext {
  readonly link: Link;
  readonly peer: PeerIdentity;
  /** Fires when the caller cancels, its time is up or the link is lost. */
  readonly signal: AbortSignal;
}
