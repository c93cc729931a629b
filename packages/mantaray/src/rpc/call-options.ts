import type { Link } from "./types.ts";

/** Options of one call. */
export interface CallOptions {
  /** Default 30 s for calls with one answer, none for streaming ones; 0: none. */
  readonly timeoutMs?: number;
  /** Cancels: the call rejects with `canceled`, the implementation's signal fires. */
  readonly signal?: AbortSignal;
}

/** Gives the link that a call goes over, waiting for one at most `timeoutMs` (0: as long as it takes). */
export type LinkSource = (timeoutMs: number, signal: AbortSignal | undefined) => Link | Promise<Link>;

/** Where a client's calls go. */
export interface CallRoute {
  readonly link: LinkSource;
  /** Another link may come: a call that never started on one that drains or broke is made again. */
  readonly mayChange: boolean;
}
