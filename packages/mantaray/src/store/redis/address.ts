import { MantaError } from "../../base/errors.ts";
import { redisLimits } from "./limits.ts";
import { Secret } from "./secret.ts";

/** Where one server listens. */
export interface RedisHost {
  readonly host: string;
  readonly port: number;
  /** Where `host` is an address that this name stands for. */
  readonly name?: string;
}

/** What an address says; what it leaves open is undefined. */
export interface RedisAddress {
  /** Servers of which the first that is a primary counts; with `sentinel` the sentinels. At least one. */
  readonly hosts: readonly RedisHost[];
  readonly sentinel?: { readonly primaryName: string; readonly username?: string; readonly password?: Secret };
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: Secret;
  readonly db?: number;
}

/**
 * Reads an address: `host:port`, `redis://user:secret@host:port/db`, `rediss://…` (TLS), several of them with
 * commas between, or `redis+sentinel://user:secret@host:port,host:port/primary-name/db`
 * (`rediss+sentinel://` with TLS) with `?sentinel_username=…&sentinel_password=…` where the sentinels have
 * credentials of their own. `invalid_argument` names `option` and the rule, never a secret.
 */
export const parseRedisAddress = (option: string, text: string): RedisAddress => {
  const refuse = (rule: string): never => {
    throw new MantaError("invalid_argument", `${option} ${rule}, got ${JSON.stringify(maskedAddress(text))}`, {
      details: { option },
    });
  };
  const trimmed = text.trim();
  if (trimmed === "") refuse("must not be empty");
  if (/^rediss?[+-]sentinel:\/\//i.test(trimmed)) return sentinelAddress(trimmed, refuse);
  const parts = trimmed.split(",").map((part) => plainAddress(part.trim(), refuse));
  const [first] = parts;
  if (first === undefined || parts.length > redisLimits.addressesMax) {
    return refuse(`must hold 1 to ${redisLimits.addressesMax} addresses`);
  }
  for (const part of parts) {
    if (part.hasScheme && part.address.tls !== first.address.tls) refuse("must not mix redis:// and rediss://");
  }
  return { ...first.address, hosts: parts.flatMap(({ address }) => address.hosts) };
};

/** The address as it may be shown: secrets, and what may be one by mistake, are stars. */
export const maskedAddress = (text: string): string =>
  text
    .replaceAll(/(sentinel_password=)[^&]*/gi, "$1***")
    .replace(/(:\/\/)[^/?#]*(?:[/?#][^@]*)?@/, "$1***@")
    .replace(/^(?![a-z+-]+:\/\/)[^@]*@/i, "***@")
    // A "port" that is no number may be a password whose host was forgotten.
    .replaceAll(/(^|:\/\/|,|@)([^:/,@?[\]]+):(?!\/\/)(?!\d{1,5}(?:[,/?#]|$))(?![0-9a-f]*:)[^,/?#]+/gi, "$1$2:***");

type Refuse = (rule: string) => never;

const schemePattern = /^([a-z][a-z0-9+-]*):\/\/(.*)$/is;

const plainAddress = (text: string, refuse: Refuse): { hasScheme: boolean; address: RedisAddress } => {
  const withScheme = schemePattern.exec(text);
  if (withScheme === null) {
    if (text.includes("@") || text.includes("/"))
      refuse("must begin with redis:// or rediss:// to hold more than host:port");
    return { hasScheme: false, address: { hosts: [hostAndPort(text, defaultPort, refuse)], tls: false } };
  }
  const [, scheme = "", rest = ""] = withScheme;
  if (!/^rediss?$/i.test(scheme)) refuse(schemeRule);
  const { authority, path, query, credentials } = splitUrl(rest, refuse);
  const db = databaseOf(path, query, refuse);
  return {
    hasScheme: true,
    address: {
      hosts: [hostAndPort(authority, defaultPort, refuse)],
      tls: scheme.toLowerCase() === "rediss",
      ...credentials,
      ...(db === undefined ? {} : { db }),
    },
  };
};

const sentinelAddress = (text: string, refuse: Refuse): RedisAddress => {
  const [, scheme = "", rest = ""] = schemePattern.exec(text) ?? [];
  const { authority, path, query, credentials } = splitUrl(rest, refuse);
  const hosts = authority.split(",").map((part) => hostAndPort(part.trim(), defaultSentinelPort, refuse));
  if (hosts.length > redisLimits.addressesMax) refuse(`must hold 1 to ${redisLimits.addressesMax} addresses`);
  const [primaryName = "", ...dbPath] = path.split("/");
  if (primaryName === "") refuse("must name the primary that the sentinels watch (redis+sentinel://host:port/NAME)");
  const db = databaseOf(dbPath.join("/"), query, refuse);
  const username = query.get("sentinel_username");
  const password = query.get("sentinel_password");
  return {
    hosts,
    tls: scheme.toLowerCase().startsWith("rediss"),
    ...credentials,
    ...(db === undefined ? {} : { db }),
    sentinel: {
      primaryName: decoded(primaryName, refuse),
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password: new Secret(password) }),
    },
  };
};

interface UrlParts {
  readonly authority: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly credentials: { readonly username?: string; readonly password?: Secret };
}

const splitUrl = (rest: string, refuse: Refuse): UrlParts => {
  // The last @ of all: what people do not escape in a password is read as they meant it.
  const at = rest.lastIndexOf("@");
  const [, authority = "", path = "", query = ""] =
    /^([^/?#]*)\/?([^?#]*)(?:\?([^#]*))?/.exec(rest.slice(at + 1)) ?? [];
  const userinfo = at < 0 ? "" : rest.slice(0, at);
  const colon = userinfo.indexOf(":");
  const username = decoded(colon < 0 ? userinfo : userinfo.slice(0, colon), refuse);
  const password = colon < 0 ? "" : decoded(userinfo.slice(colon + 1), refuse);
  return {
    authority,
    path,
    query: new URLSearchParams(query),
    credentials: {
      ...(username === "" ? {} : { username }),
      ...(password === "" ? {} : { password: new Secret(password) }),
    },
  };
};

const decoded = (text: string, refuse: Refuse): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse("must write % in user name, password and name as %25");
  }
};

const databaseOf = (path: string, query: URLSearchParams, refuse: Refuse): number | undefined => {
  const text = query.get("db") ?? path.replace(/\/$/, "");
  if (text === "") return undefined;
  if (!/^\d{1,5}$/.test(text)) refuse("must name the database by a number (redis://host:port/0)");
  return Number(text);
};

const hostAndPort = (text: string, fallbackPort: number, refuse: Refuse): RedisHost => {
  const bracketed = /^\[([0-9a-f:.%a-z]+)\](?::(\d{1,5}))?$/i.exec(text);
  // More than one colon without brackets: an IPv6 address alone.
  const bare = /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(text) ? ([text, text, undefined] as const) : null;
  const named = /^([^:[\]\s@/]+)(?::(\d{1,5}))?$/.exec(text);
  const [, host, portText] = bracketed ?? bare ?? named ?? [];
  const port = portText === undefined ? fallbackPort : Number(portText);
  if (host === undefined || port < 1 || port > 65_535) return refuse(hostRule);
  return { host, port };
};

const defaultPort = 6379;
const defaultSentinelPort = 26379;
const hostRule = 'must name servers as "host:port", with [brackets] around an IPv6 address and a port from 1 to 65535';
const schemeRule = "must be host:port or begin with redis://, rediss://, redis+sentinel:// or rediss+sentinel://";
