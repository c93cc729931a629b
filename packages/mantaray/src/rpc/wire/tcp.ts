import type { AddressInfo, Server, Socket } from "node:net";
import { connectingWire } from "./socket-wire.ts";
import type { Wire } from "./wire.ts";

/** Starts to connect to a TCP port. */
export const connectTcp = (host: string, port: number): Wire => {
  const wire = connectingWire({ host, port });
  tuneTcp(wire.duplex);
  return wire;
};

/** Binds a server to a TCP port, 0 for any free one. Gives the real address. */
export const listenTcp = async (server: Server, host: string, port: number): Promise<string> => {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  return `tcp:${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
};

/** Frames leave when we say so, and a vanished machine shows in seconds while its link is idle. */
export const tuneTcp = (socket: Socket): void => {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveDelayMs);
};

const keepAliveDelayMs = 1_000;
