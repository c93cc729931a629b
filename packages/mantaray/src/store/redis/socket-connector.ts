import { createConnection, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { AbstractConnector } from "ioredis";

/** What of a client's options the socket needs. */
export interface SocketConnectorOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined means without TLS. */
  readonly tls?: ConnectionOptions;
  /** Between the end of our side and the end of the socket. */
  readonly disconnectTimeout: number;
}

/**
 * Opens the socket of a client. Unlike the client's own connector it listens to every error of the socket, not only to
 * the first: a TLS socket that has refused the server's certificate may fail once more with the server's alert,
 * and an error that nobody listens to ends the process.
 */
export class SocketConnector extends AbstractConnector {
  readonly #options: SocketConnectorOptions;

  /** `options` are the client's own, `SocketConnectorOptions` among them; the client's types do not say so. */
  constructor(options: unknown) {
    const own = options as SocketConnectorOptions;
    super(own.disconnectTimeout);
    this.#options = own;
  }

  override async connect(): Promise<Socket> {
    const { host, port, tls } = this.#options;
    this.connecting = true;
    const socket = tls === undefined ? createConnection({ host, port }) : connectTls({ host, port, ...tls });
    socket.on("error", (error) => {
      this.firstError ??= error;
    });
    this.stream = socket;
    return socket;
  }
}
