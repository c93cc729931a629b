import { createServer, type Server, type Socket } from "node:net";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { parseAddress } from "./address.ts";
import { establish } from "./dial.ts";
import { acceptHandshake, type HandshakeOptions } from "./handshake.ts";
import { rpcLimits } from "./limits.ts";
import type { Link } from "./types.ts";
import { readSockets } from "./wire/socket-reads.ts";
import { acceptedWire } from "./wire/socket-wire.ts";
import { listenTcp, tuneTcp } from "./wire/tcp.ts";
import { listenUnix } from "./wire/unix.ts";

/** How to listen. */
export interface ListenOptions extends HandshakeOptions {
  readonly log: Log;
  /** Called with each authenticated link before its first frame is read: set acceptors here. */
  readonly onLink: (link: Link) => void;
}

/** A listener for links. */
export interface LinkServer {
  /** Where it listens, with real ports. */
  readonly addresses: string[];
  /** Stops listening and closes every link it made. Drain the links first to spare their streams. */
  close(): Promise<void>;
}

/**
 * Listens on `unix:/path` and `tcp:host:port` addresses. `already_exists` when somebody else listens there;
 * with several addresses either all are bound or none.
 */
export const listen = async (addresses: readonly string[], options: ListenOptions): Promise<LinkServer> => {
  const listener = new Listener(options);
  try {
    for (const address of addresses) await listener.bind(address);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return listener;
};

class Listener implements LinkServer {
  readonly addresses: string[] = [];
  readonly #options: ListenOptions;
  readonly #readSocket = readSockets();
  readonly #servers: Server[] = [];
  readonly #links = new Set<Link>();
  readonly #handshaking = new Set<Socket>();

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  async bind(address: string): Promise<void> {
    const target = parseAddress(address);
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      if (target.kind === "tcp") tuneTcp(socket);
      void this.#welcome(socket, target.kind === "unix");
    });
    try {
      this.addresses.push(
        target.kind === "unix"
          ? await listenUnix(server, target.path)
          : await listenTcp(server, target.host, target.port),
      );
    } catch (error) {
      throw bindError(address, error);
    }
    server.on("error", (error) => this.#options.log.error({ address, err: error }, "a listener for links failed"));
    this.#servers.push(server);
  }

  async close(): Promise<void> {
    const closing = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const socket of this.#handshaking) socket.destroy();
    for (const link of this.#links) link.close("the listener closes");
    await Promise.all(closing);
  }

  async #welcome(socket: Socket, local: boolean): Promise<void> {
    const { log, onLink } = this.#options;
    if (this.#handshaking.size >= rpcLimits.handshakesMax) {
      log.warn({ handshakes: this.#handshaking.size }, "connection refused: too many handshakes at once");
      socket.destroy();
      return;
    }
    this.#handshaking.add(socket);
    const wire = acceptedWire(socket, this.#readSocket);
    const timer = setTimeout(() => socket.destroy(), rpcLimits.handshakeTimeoutMs);
    try {
      const handshaken = await acceptHandshake(wire, this.#options, local);
      establish(wire, handshaken, log, (link) => {
        this.#links.add(link);
        link.onClose(() => this.#links.delete(link));
        onLink(link);
      });
    } catch (error) {
      // Probes that only connect are no event; whoever says something wrong is.
      const level = MantaError.from(error).code === "link_lost" ? "debug" : "warn";
      log[level]({ err: error }, "connection refused: the handshake failed");
      wire.close();
    } finally {
      clearTimeout(timer);
      this.#handshaking.delete(socket);
    }
  }
}

const bindError = (address: string, error: unknown): MantaError => {
  const code = (error as NodeJS.ErrnoException).code === "EADDRINUSE" ? "already_exists" : "unavailable";
  return MantaError.from(error).code === "internal"
    ? new MantaError(code, `cannot listen on ${address}: ${(error as Error).message}`, { cause: error })
    : MantaError.from(error);
};
