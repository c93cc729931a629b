import { join } from "node:path";
import { MantaError } from "../base/errors.ts";
import { readSmallFile } from "../base/read-small-file.ts";

/** Environment of one process, as `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Where a cluster keeps its files on this machine: `MANTA_TEMP_DIR`, else /tmp/manta. */
export const clusterTempDir = (env: Environment): string => env.MANTA_TEMP_DIR ?? "/tmp/manta";

/** The file that names the control stores of the cluster on this machine: `host:port`, or a comma list, the leading one first. */
export const currentClusterFile = (env: Environment): string => join(clusterTempDir(env), "ray_current_cluster");

/**
 * Addresses of the control store as links dial them (`tcp:host:port`): the given ones, else
 * `RAY_ADDRESS` (a comma list; `auto` means the cluster of this machine), else the file that the
 * head of this machine wrote. `not_found` says what to do when there is none.
 */
export const clusterAddresses = (given: readonly string[] | undefined, env: Environment): readonly string[] => {
  if (given !== undefined && given.length > 0) return given.map(linkAddress);
  const fromEnv = env.RAY_ADDRESS?.trim();
  if (fromEnv !== undefined && fromEnv !== "" && fromEnv !== "auto" && !/^https?:/.test(fromEnv)) {
    return fromEnv.split(",").map((address) => linkAddress(address.trim()));
  }
  const path = currentClusterFile(env);
  const found = readSmallFile(path);
  if (found === undefined) {
    throw new MantaError(
      "not_found",
      `no cluster found: ${path} is not there. Start one with "manta start --head", or set RAY_ADDRESS to host:port of a head`,
    );
  }
  return found.split(",").map((address) => linkAddress(address.trim()));
};

/** `host:port`, `tcp:host:port` or `unix:/path` as a link dials it. `invalid_argument` for anything else. */
export const linkAddress = (address: string): string => {
  if (address.startsWith("unix:/")) return address;
  const text = address.startsWith("tcp:") ? address.slice("tcp:".length) : address;
  const match = /^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) {
    throw new MantaError(
      "invalid_argument",
      `address must be host:port with a port of 1 to 65535, got ${JSON.stringify(address)}`,
    );
  }
  return `tcp:${text}`;
};
