import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const installTimeoutMs = 180_000;

/**
 * Tests of the Redis store run a real redis-server. Where there is none and Debian's packages can be installed, that is
 * done, and said; else it is said what to install, and the tests that need it will fail with the same words.
 */
export const provideRedis = (say: (line: string) => void): void => {
  if (inPath("redis-server")) return;
  if (process.getuid?.() !== 0 || !inPath("apt-get")) {
    say("redis-server is not in PATH. Tests of the Redis store need Redis 6 or newer:");
    say("  Debian, Ubuntu: apt-get install redis-server     macOS: brew install redis");
    return;
  }
  say("redis-server is not in PATH: installing Debian's package (apt-get install redis-server)");
  const failure =
    aptGet(["install", "-y", "--no-install-recommends", "redis-server"]) === undefined
      ? undefined
      : (aptGet(["update"]) ?? aptGet(["install", "-y", "--no-install-recommends", "redis-server"]));
  say(failure === undefined ? "redis-server is installed" : `redis-server could not be installed: ${failure}`);
};

const inPath = (name: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Undefined when it worked, else why not. */
const aptGet = (words: readonly string[]): string | undefined => {
  const { status, error, stderr } = spawnSync("apt-get", ["-qq", ...words], {
    timeout: installTimeoutMs,
    encoding: "utf8",
    // In this run level the package starts no service: tests start their own servers.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split("\n").at(-1) ?? `apt-get ended with ${status}`;
};
