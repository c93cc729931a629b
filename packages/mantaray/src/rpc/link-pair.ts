import { silentLog } from "../base/log.ts";
import { establish } from "./dial.ts";
import { acceptHandshake, dialHandshake } from "./handshake.ts";
import type { Link, PeerIdentity } from "./types.ts";
import { memoryWires } from "./wire/memory.ts";

/**
 * Two ends of a link in memory, with the handshake, frames and flow control of a real one. The first is
 * `a`'s end: its peer is `b`. For tests and for a cluster within one process.
 */
export const linkPair = async (
  a: PeerIdentity = { role: "client", id: "a" },
  b: PeerIdentity = { role: "client", id: "b" },
): Promise<[Link, Link]> => {
  const [wireA, wireB] = memoryWires();
  const [atA, atB] = await Promise.all([
    dialHandshake(wireA, { token: "", identity: a }),
    acceptHandshake(wireB, { token: "", identity: b }),
  ]);
  return [establish(wireA, atA, silentLog), establish(wireB, atB, silentLog)];
};
