import { loadAuthToken } from "../base/auth-token.ts";
import { systemClock } from "../base/clock.ts";
import { type Log, silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { PersistentLink } from "../rpc/index.ts";
import type { PeerIdentity } from "../rpc/types.ts";
import { Cluster } from "./cluster.ts";
import { clusterAddresses } from "./cluster-addresses.ts";
import { leaderWatch } from "./leader-watch.ts";
import { actorLimits } from "./limits.ts";

/** How a cluster is found and reached. */
export interface ConnectOptions {
  /** Of the control store: `host:port` or `tcp:host:port`. Default `RAY_ADDRESS`, else the cluster of this machine. */
  readonly addresses?: readonly string[];
  /** Asked before each dial, for who learns of new addresses as it goes; wins over `addresses`. */
  readonly findAddresses?: () => readonly string[] | Promise<readonly string[]>;
  /** Default: `RAY_AUTH_TOKEN`, else the token file. */
  readonly token?: string;
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: says nothing. */
  readonly log?: Log;
  /** Default `{ role: "client", id: "" }`. */
  readonly identity?: PeerIdentity;
  /** Give up after this long; 0 answers at once and connects in the background. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Opens a client of a cluster, which follows whichever of its control stores leads. Close it when done: it keeps the process alive. */
export const connect = async (options: ConnectOptions = {}): Promise<Cluster> => {
  const env = options.env ?? process.env;
  const log = options.log ?? silentLog;
  const token = options.token ?? loadAuthToken(env, { create: false });
  const identity = options.identity ?? { role: "client", id: "" };
  const given = options.addresses;
  // Once now, so that a malformed or missing address is an error of this call, then before each dial:
  // a head that was restarted elsewhere has rewritten the file.
  if (options.findAddresses === undefined) clusterAddresses(given, env);
  const addresses = options.findAddresses ?? (() => clusterAddresses(given, env));
  const persistentLink = new PersistentLink({
    addresses,
    token,
    identity,
    log,
    clock: systemClock,
    random: systemRandom,
    onLink: leaderWatch({ clock: systemClock, log }),
  });
  const cluster = new Cluster({ persistentLink, token, identity, log });
  persistentLink.start();
  const timeoutMs = options.timeoutMs ?? actorLimits.connectTimeoutMs;
  if (timeoutMs === 0) return cluster;
  try {
    await cluster.ready({ timeoutMs });
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
};
