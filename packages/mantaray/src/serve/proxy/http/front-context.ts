import type { Log } from "../../../base/log.ts";
import type { ReadSocket } from "../../../rpc/wire/socket-reads.ts";
import type { HttpDispatch } from "./exchange.ts";
import type { HttpFrontLimits } from "./limits.ts";
import type { ParserSource } from "./message-parser.ts";

/** What a front counts. */
export interface HttpFrontStats {
  /** Open now. */
  connections: number;
  /** Begun since the start. */
  requests: number;
  /** Requests whose response is not complete. */
  openExchanges: number;
  /** Answers of the front itself to requests it did not pass on, by status. */
  readonly refused: Record<number, number>;
  /** Connections turned away at the limit. */
  turnedAway: number;
  /** Connections the front cut: slow readers, broken framing after a response had begun. */
  cut: number;
  /** Exceptions of the core, each answered with 500 or a cut. */
  errors: number;
}

/** What all connections of one front share. */
export interface FrontContext {
  readonly limits: HttpFrontLimits;
  readonly parsers: ParserSource;
  readonly readSocket: ReadSocket;
  readonly dispatch: HttpDispatch;
  readonly log: Log;
  readonly stats: HttpFrontStats;
  /** Coarse monotonic time in whole ms, moved by the sweeper. */
  nowMs: number;
  /** Value of `date`, refreshed by the sweeper. */
  date: string;
  /** Responses close their connections. */
  draining: boolean;
  /** Tunnels of WebSockets are told to end. */
  tunnelsLeave: boolean;
  /** Without a request for longer than this a connection is closed. */
  idleMs: number;
}
