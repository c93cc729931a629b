import net from "node:net";
import { MantaError } from "../../base/errors.ts";

/** A TCP socket below `net.Server`: bound, and nobody accepts from it here. */
export interface ListeningHandle {
  close(): void;
}

/**
 * Binds a socket that other processes will listen and accept on. Node's public server accepts as soon as it
 * listens, which we must not; this is what its `cluster` module makes the sockets of workers with. Throws
 * `already_exists` where the address is in use, `invalid_argument` where it is none of this machine.
 */
export const bindListeningHandle = (host: string, port: number): ListeningHandle => {
  const handle = createServerHandle(host, port, net.isIPv6(host) ? 6 : 4, -1);
  if (typeof handle === "number") {
    if (handle === addressInUse) throw inUse(host, port);
    throw new MantaError("invalid_argument", `cannot listen on ${host}:${port} (error ${handle})`);
  }
  // An address in use may come out only at `listen`, which would then take any port.
  const bound: { port?: number } = {};
  handle.getsockname(bound);
  if (bound.port === port) return handle;
  handle.close();
  throw inUse(host, port);
};

interface TcpHandle extends ListeningHandle {
  getsockname(out: { port?: number }): number;
}

const { _createServerHandle: createServerHandle } = net as unknown as {
  _createServerHandle(this: void, host: string, port: number, addressType: 4 | 6, fd: number): TcpHandle | number;
};

/** EADDRINUSE, as libuv counts. */
const addressInUse = -98;

const inUse = (host: string, port: number): MantaError => new MantaError("already_exists", `${host}:${port} is in use`);
