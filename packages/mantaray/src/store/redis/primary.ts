import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { RedisHost } from "./address.ts";
import type { RedisConfig } from "./config.ts";
import { hostText, RedisConnection, type RedisInfo } from "./connection.ts";
import { redisFailure, redisUnavailable } from "./failures.ts";
import { type NamespaceKeys, namespaceKeys } from "./keys.ts";
import { redisLimits } from "./limits.ts";
import { resolveHosts } from "./resolve-hosts.ts";
import { askSentinels } from "./sentinels.ts";

/** A connection to the server that takes this namespace's writes. */
export interface PrimaryConnection {
  readonly connection: RedisConnection;
  readonly keys: NamespaceKeys;
}

/** How to find it. */
export interface PrimaryOptions {
  readonly config: RedisConfig;
  readonly namespace: string;
  readonly clock: Clock;
  /** Gives the search up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the primary from nothing: names are resolved and sentinels are asked anew. Of several addresses the first
 * that is a primary wins; they are tried at the same time, so one that hangs costs nothing.
 */
export const connectToPrimary = async (options: PrimaryOptions): Promise<PrimaryConnection> => {
  const { config, clock, signal } = options;
  if (config.sentinel === undefined) return firstPrimary(options, await resolveHosts(config.hosts));
  const { primaryName, ...credentials } = config.sentinel;
  const { tls } = config;
  const sentinels = await resolveHosts(config.hosts);
  const host = await askSentinels({ hosts: sentinels, primaryName, credentials, tls, clock, signal });
  return firstPrimary(options, [host]);
};

const firstPrimary = async (options: PrimaryOptions, hosts: readonly RedisHost[]): Promise<PrimaryConnection> => {
  let won: PrimaryConnection | undefined;
  const attempts = hosts.map(async (host) => {
    const found = await follow(options, host);
    if (won !== undefined) found.connection.close();
    return (won ??= found);
  });
  try {
    return await Promise.any(attempts);
  } catch (error) {
    const errors = (error as AggregateError).errors.map((each) => MantaError.from(each, "unavailable"));
    const [first] = errors;
    if (errors.length === 1 && first !== undefined) throw first;
    throw new MantaError("unavailable", errors.map(({ rawMessage }) => rawMessage).join("; "));
  }
};

/** Connects to a host, or to where it points: a sentinel to the primary, a cluster's server to the slot's owner. */
const follow = async (options: PrimaryOptions, start: RedisHost): Promise<PrimaryConnection> => {
  const { config, namespace, clock, signal } = options;
  let target = start;
  for (let hop = 0; hop <= redisLimits.redirectionsMax; hop += 1) {
    const connection = await RedisConnection.open({
      target,
      credentials: config.credentials,
      db: config.db,
      tls: config.tls,
      clock,
      signal,
    });
    try {
      const next = await elsewhere(options, connection, target);
      if (next === undefined) {
        return { connection, keys: namespaceKeys(namespace, isCluster(connection.info)) };
      }
      target = next;
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.close();
  }
  throw redisUnavailable(hostText(start), `leads to more than ${redisLimits.redirectionsMax} other servers`);
};

/** Valkey has its own word for it. */
const mode = (info: RedisInfo): string | undefined => info.get("redis_mode") ?? info.get("server_mode");

const isCluster = (info: RedisInfo): boolean => mode(info) === "cluster";

/** Where to go instead, if this is not the server; `unavailable` when it is not ready. */
const elsewhere = async (
  { config, namespace, clock, signal }: PrimaryOptions,
  connection: RedisConnection,
  target: RedisHost,
): Promise<RedisHost | undefined> => {
  const { info, where } = connection;
  const version = info.get("redis_version");
  if (version !== undefined && Number.parseInt(version, 10) < redisLimits.versionMin) {
    throw redisUnavailable(where, `is version ${version}; ${redisLimits.versionMin} or newer is needed`, "VERSION");
  }
  if (mode(info) === "sentinel") {
    const { credentials, tls } = config;
    return askSentinels({ hosts: [target], primaryName: null, credentials, tls, clock, signal });
  }
  if (info.get("loading") === "1") throw redisUnavailable(where, "is still loading its data", "LOADING");
  if (isCluster(info)) {
    const moved = await slotOwner(connection, namespaceKeys(namespace, true).LEASE, target);
    if (moved !== undefined) return moved;
  }
  if (info.get("role") === "slave") {
    const primary = `${info.get("master_host")}:${info.get("master_port")}`;
    throw redisUnavailable(where, `is a read-only replica of ${primary}`, "READONLY");
  }
  return undefined;
};

/** Undefined when this server owns the key's slot. */
const slotOwner = async (
  connection: RedisConnection,
  key: string,
  target: RedisHost,
): Promise<RedisHost | undefined> => {
  try {
    await connection.command("EXISTS", [key]);
    return undefined;
  } catch (error) {
    const { movedTo, error: failure } = redisFailure(error, connection.where);
    if (movedTo === undefined) throw failure;
    const colon = movedTo.lastIndexOf(":");
    const host = movedTo.slice(0, colon).replaceAll(/[[\]]/g, "");
    // A server that does not know the other one's name leaves it out: it is the host we know.
    return { host: host === "" || host === "?" ? target.host : host, port: Number(movedTo.slice(colon + 1)) };
  }
};
