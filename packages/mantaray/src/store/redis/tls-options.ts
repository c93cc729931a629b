import { readdirSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { MantaError } from "../../base/errors.ts";
import type { RedisHost } from "./address.ts";
import type { RedisTls } from "./config.ts";

/** Reads the files. `unavailable` names the variable whose file cannot be read: it may come later, or be renewed. */
export const tlsOptions = (tls: RedisTls, target: RedisHost): ConnectionOptions => {
  const authorities = [
    ...(tls.caFile === "" ? [] : [read("RAY_REDIS_CA_CERT", tls.caFile)]),
    ...(tls.caFolder === "" ? [] : readFolder("RAY_REDIS_CA_PATH", tls.caFolder)),
  ];
  const name = tls.serverName === "" ? (target.name ?? target.host) : tls.serverName;
  return {
    ...(authorities.length === 0 ? {} : { ca: authorities }),
    ...(tls.certFile === "" ? {} : { cert: read("RAY_REDIS_CLIENT_CERT", tls.certFile) }),
    ...(tls.keyFile === "" ? {} : { key: read("RAY_REDIS_CLIENT_KEY", tls.keyFile) }),
    // An address has no place in the server-name extension; it is checked against the certificate all the same.
    ...(isIP(name) === 0 ? { servername: name } : { servername: "", host: target.host }),
  };
};

const read = (variable: string, path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new MantaError("unavailable", `${variable}: cannot read ${path}: ${(error as Error).message}`);
  }
};

const readFolder = (variable: string, path: string): string[] => {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => readFileSync(join(path, entry.name), "utf8"))
      .filter((text) => text.includes("BEGIN CERTIFICATE"));
  } catch (error) {
    throw new MantaError("unavailable", `${variable}: cannot read ${path}: ${(error as Error).message}`);
  }
};
