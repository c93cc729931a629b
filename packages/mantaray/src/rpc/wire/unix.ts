import { chmodSync, rmSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { MantaError } from "../../base/errors.ts";
import { connectingWire } from "./socket-wire.ts";
import type { Wire } from "./wire.ts";

/** Starts to connect to a unix socket. */
export const connectUnix = (path: string): Wire => connectingWire({ path });

/**
 * Binds a server to `path` with mode 600. A file that a dead process left is removed first, one on which
 * somebody answers is `already_exists`. Node removes the file when the server closes.
 */
export const listenUnix = async (server: Server, path: string): Promise<string> => {
  // Longer paths are cut silently by the kernel's address structure.
  if (Buffer.byteLength(path) > pathBytesMax) {
    throw new MantaError("invalid_argument", `the socket path ${path} is over ${pathBytesMax} bytes`);
  }
  if (await answers(path)) throw new MantaError("already_exists", `another process listens on unix:${path}`);
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  chmodSync(path, 0o600);
  return `unix:${path}`;
};

const pathBytesMax = 107;

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createConnection({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    // Refused: nobody is there. Anything else will show when we bind.
    probe.once("error", () => resolve(false));
  });
