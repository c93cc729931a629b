import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { MantaError } from "./errors.ts";
import { readSmallFile } from "./read-small-file.ts";

/** Environment of one process, as `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Whether control endpoints ask for a token: `RAY_AUTH_MODE` is `token` (default here) or `disabled`. */
export const authEnabled = (env: Environment): boolean => {
  const mode = env.RAY_AUTH_MODE ?? "token";
  if (mode !== "token" && mode !== "disabled") {
    throw new MantaError("invalid_config", `RAY_AUTH_MODE must be "token" or "disabled", got ${JSON.stringify(mode)}`);
  }
  return mode === "token";
};

/** Where the token lives: `RAY_AUTH_TOKEN_PATH`, else `~/.manta/auth_token`. */
export const authTokenPath = (env: Environment): string =>
  env.RAY_AUTH_TOKEN_PATH ?? join(env.HOME ?? homedir(), ".manta", "auth_token");

/**
 * The cluster's token: `RAY_AUTH_TOKEN`, else the token file. `create` makes the file (mode 600) on a
 * first start; without it a missing token is `unauthenticated`. Empty when auth is disabled.
 */
export const loadAuthToken = (env: Environment, options: { create: boolean }): string => {
  if (!authEnabled(env)) return "";
  const given = env.RAY_AUTH_TOKEN?.trim();
  if (given !== undefined && given !== "") return given;
  const path = authTokenPath(env);
  const found = readSmallFile(path);
  if (found !== undefined) return found;
  if (!options.create) {
    throw new MantaError(
      "unauthenticated",
      `no token: set RAY_AUTH_TOKEN, or start a head on this machine, which makes ${path}`,
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    // Two first starts at once: the other one's token counts.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readSmallFile(path) ?? "";
};
