import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { RedisHost } from "./address.ts";
import { hostText } from "./connection.ts";
import { redisFailure } from "./failures.ts";

/**
 * The servers behind names: a name with several addresses (a headless service of a primary and its replicas) stands
 * for all of them. A name that does not resolve is `unavailable` when nothing else is left.
 */
export const resolveHosts = async (hosts: readonly RedisHost[]): Promise<readonly RedisHost[]> => {
  const resolved = await Promise.allSettled(hosts.map(resolveHost));
  const found = resolved.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  if (found.length > 0) return found;
  const texts = hosts.map(hostText).join(", ");
  const [first] = resolved;
  throw redisFailure(first?.status === "rejected" ? first.reason : new Error("ENOTFOUND"), texts).error;
};

const resolveHost = async (target: RedisHost): Promise<readonly RedisHost[]> => {
  if (isIP(target.host) !== 0) return [target];
  const addresses = await lookup(target.host, { all: true });
  return addresses.map(({ address }) => ({ host: address, port: target.port, name: target.host }));
};
