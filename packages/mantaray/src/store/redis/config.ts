import { MantaError } from "../../base/errors.ts";
import { maskedAddress, parseRedisAddress, type RedisHost } from "./address.ts";
import { defaultNamespace, parseNamespace } from "./keys.ts";
import { Secret } from "./secret.ts";

/** Files and names of a TLS connection; empty text for none. Files are read at each connection, so they may be renewed. */
export interface RedisTls {
  /** A file of certificates that may sign the server's; none: those of the machine's usual authorities. */
  readonly caFile: string;
  /** A folder of such files. */
  readonly caFolder: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** The name on the server's certificate; none: its host. */
  readonly serverName: string;
}

/** User name and password; either may be absent. */
export interface RedisCredentials {
  readonly username?: string;
  readonly password?: Secret;
}

/** Everything that is to be known to find and enter a Redis. */
export interface RedisConfig {
  readonly hosts: readonly RedisHost[];
  /** Present: `hosts` are sentinels. */
  readonly sentinel?: { readonly primaryName: string } & RedisCredentials;
  readonly credentials: RedisCredentials;
  readonly db: number;
  /** Null: without TLS. */
  readonly tls: RedisTls | null;
  /** The address without secrets, for people. */
  readonly description: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The configuration that an environment holds: `RAY_REDIS_ADDRESS`, `REDIS_USERNAME` and `REDIS_PASSWORD` (which
 * win over the address's own, as in the reference), `RAY_REDIS_CA_CERT`, `RAY_REDIS_CA_PATH`,
 * `RAY_REDIS_CLIENT_CERT`, `RAY_REDIS_CLIENT_KEY`, `RAY_REDIS_SERVER_NAME`. Throws `invalid_argument`, which
 * names the variable and the rule, never a secret.
 */
export const redisConfig = (env: Env): RedisConfig => {
  const text = valueOf(env, addressVariable);
  if (text === undefined) {
    throw new MantaError("invalid_argument", `${addressVariable} must name a Redis, got nothing`, {
      details: { option: addressVariable },
    });
  }
  const address = parseRedisAddress(addressVariable, text);
  const username = valueOf(env, "REDIS_USERNAME") ?? address.username;
  const password = valueOf(env, "REDIS_PASSWORD");
  const secret = password === undefined ? address.password : new Secret(password);
  return {
    hosts: address.hosts,
    ...(address.sentinel === undefined ? {} : { sentinel: address.sentinel }),
    credentials: {
      ...(username === undefined ? {} : { username }),
      ...(secret === undefined ? {} : { password: secret }),
    },
    db: address.db ?? 0,
    tls: address.tls ? tlsOf(env) : null,
    description: maskedAddress(text.trim()),
  };
};

/** The namespace of an environment: `RAY_external_storage_namespace`, else `default`. */
export const redisNamespace = (env: Env): string =>
  parseNamespace(valueOf(env, "RAY_external_storage_namespace") ?? defaultNamespace);

/** Whether an environment names a Redis. */
export const namesRedis = (env: Env): boolean => valueOf(env, addressVariable) !== undefined;

const addressVariable = "RAY_REDIS_ADDRESS";

/** Empty counts as absent: manifests pass variables on that are not set. */
const valueOf = (env: Env, name: string): string | undefined => {
  const value = env[name];
  return value === undefined || value.trim() === "" ? undefined : value;
};

const tlsOf = (env: Env): RedisTls => {
  const tls: RedisTls = {
    caFile: valueOf(env, "RAY_REDIS_CA_CERT") ?? "",
    caFolder: valueOf(env, "RAY_REDIS_CA_PATH") ?? "",
    certFile: valueOf(env, "RAY_REDIS_CLIENT_CERT") ?? "",
    keyFile: valueOf(env, "RAY_REDIS_CLIENT_KEY") ?? "",
    serverName: valueOf(env, "RAY_REDIS_SERVER_NAME") ?? "",
  };
  if ((tls.certFile === "") !== (tls.keyFile === "")) {
    throw new MantaError("invalid_argument", "RAY_REDIS_CLIENT_CERT and RAY_REDIS_CLIENT_KEY must be set together", {
      details: { option: "RAY_REDIS_CLIENT_KEY" },
    });
  }
  return tls;
};
