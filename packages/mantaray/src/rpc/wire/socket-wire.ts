import { createConnection, type NetConnectOpts, type Socket } from "node:net";
import { rpcLimits } from "../limits.ts";
import type { ReadSocket } from "./socket-reads.ts";
import type { Wire } from "./wire.ts";

/** A wire over a socket that was accepted paused. */
export const acceptedWire = (socket: Socket, readSocket: ReadSocket): Wire => {
  const wire = socketWire(socket);
  readSocket(socket, (chunk) => wire.onChunk(chunk));
  return wire;
};

/** Starts to connect. The read buffer is allocated once and used for every read. */
export const connectingWire = (options: NetConnectOpts): Wire & { readonly duplex: Socket } => {
  let wire: (Wire & { readonly duplex: Socket }) | undefined;
  const socket = createConnection({
    ...options,
    onread: {
      buffer: Buffer.allocUnsafeSlow(readBytes),
      callback: (bytes, buffer) => {
        wire?.onChunk((buffer as Buffer).subarray(0, bytes));
        return true;
      },
    },
  });
  wire = socketWire(socket);
  return wire;
};

const readBytes = 64 * 1024;

const socketWire = (socket: Socket): Wire & { readonly duplex: Socket } => {
  readOnAfterWriteError(socket);
  return {
    duplex: socket,
    onChunk: () => {},
    close: () => {
      if (socket.destroyed) return;
      if (socket.writableLength === 0) socket.destroy();
      else {
        socket.end(() => socket.destroy());
        setTimeout(() => socket.destroy(), rpcLimits.lingerMs).unref();
      }
    },
    unreachable: (look) => {
      const { localPort, remotePort } = socket;
      return localPort !== undefined && remotePort !== undefined && look.unreachable(localPort, remotePort);
    },
    drop: () => void (socket.remotePort === undefined ? socket.destroy() : socket.resetAndDestroy()),
  };
};

/**
 * A failed write destroys a socket together with what the peer said before it went, which may be the ACCEPT
 * that forbids a repetition. So we read on until the end, which is in the kernel already, before we give up.
 */
const readOnAfterWriteError = (socket: Socket): void => {
  const destroy = socket.destroy.bind(socket);
  let failed = false;
  socket.destroy = (error?: Error): Socket => {
    const fromWrite = error !== undefined && "syscall" in error && error.syscall === "write";
    if (failed || !fromWrite || socket.readableEnded) return destroy(error);
    failed = true;
    const giveUp = setTimeout(() => destroy(error), rpcLimits.lingerMs).unref();
    const push = socket.push.bind(socket);
    // A stream that failed emits no `end`: the end is what is pushed last.
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk !== null) return push(chunk, encoding);
      clearTimeout(giveUp);
      destroy(error);
      return false;
    };
    return socket;
  };
};
