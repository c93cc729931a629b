import { type Clock, systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { parseAddress } from "./address.ts";
import { FramedLink } from "./framed-link.ts";
import { dialHandshake, type HandshakeOptions } from "./handshake.ts";
import { rpcLimits } from "./limits.ts";
import type { Link } from "./types.ts";
import { connectTcp } from "./wire/tcp.ts";
import { connectUnix } from "./wire/unix.ts";
import type { Wire } from "./wire/wire.ts";

/** How to dial. */
export interface DialOptions extends HandshakeOptions {
  /** Connecting and handshake together; default 5 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly log?: Log;
  /** Called with the link before its first frame is read: set acceptors here. */
  readonly setup?: (link: Link) => void;
  readonly clock?: Clock;
}

/**
 * Opens a link to `unix:/path` or `tcp:host:port`. Rejects with `unavailable` when nobody answers,
 * `deadline_exceeded`, `canceled`, `unauthenticated`, or `protocol_error` when something else answers.
 * The first frames are read one loop turn after it resolves, so acceptors may also be set right then.
 */
export const dial = async (address: string, options: DialOptions): Promise<Link> => {
  const target = parseAddress(address);
  if (options.signal?.aborted === true) throw new MantaError("canceled", `dialing ${address} was canceled`);
  const wire = target.kind === "unix" ? connectUnix(target.path) : connectTcp(target.host, target.port);
  const timeoutMs = options.timeoutMs ?? rpcLimits.handshakeTimeoutMs;
  let stopped: MantaError | undefined;
  const stop = (error: MantaError): void => {
    stopped = error;
    wire.duplex.destroy();
  };
  const timer = (options.clock ?? systemClock).after(timeoutMs, () =>
    stop(new MantaError("deadline_exceeded", `dialing ${address} took longer than ${timeoutMs} ms`)),
  );
  const onAbort = (): void => stop(new MantaError("canceled", `dialing ${address} was canceled`));
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const handshaken = await dialHandshake(wire, options, target.kind === "unix");
    return establish(wire, handshaken, options.log ?? silentLog, options.setup);
  } catch (error) {
    wire.duplex.destroy();
    throw stopped ?? dialError(address, error);
  } finally {
    timer.cancel();
    options.signal?.removeEventListener("abort", onAbort);
  }
};

/** Turns a wire whose handshake is done into a link. Frames that came already wait for `setup`, and one loop turn. */
export const establish = (
  wire: Wire,
  handshaken: Awaited<ReturnType<typeof dialHandshake>>,
  log: Log,
  setup?: (link: Link) => void,
): Link => {
  const link = new FramedLink(wire, handshaken.peer, log, handshaken.ledger);
  const early = handshaken.takeRest();
  if (early.length > 0) holdBack(wire, link, early);
  setup?.(link);
  return link;
};

/** Bytes that came with the end of the handshake, and any behind them, reach the link in the next turn, in order. */
const holdBack = (wire: Wire, link: FramedLink, early: Buffer): void => {
  const held = [early];
  wire.onChunk = (chunk) => void held.push(Buffer.from(chunk));
  setImmediate(() => {
    wire.onChunk = (chunk) => link.receive(chunk);
    for (const chunk of held) link.receive(chunk);
  });
};

const dialError = (address: string, error: unknown): MantaError => {
  const cause = MantaError.from(error);
  const code = cause.code === "link_lost" ? "unavailable" : cause.code;
  return new MantaError(code, `cannot open a link to ${address}: ${cause.rawMessage}`, { cause });
};
