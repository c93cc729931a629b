import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of `redis-server` or `redis-cli`; says what to install where PATH has none. */
export const redisProgram = (name: "redis-server" | "redis-cli"): string => {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(
    `${name} is not in PATH: install Redis 6 or newer (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis)`,
  );
};
