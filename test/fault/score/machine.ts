import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** Where and with what a run was made. */
export const machineOf = () => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  redis: outputOf("redis-server", ["--version"]).match(/v=(\S+)/)?.[1] ?? "none",
  commit: outputOf("git", ["-C", fileURLToPath(new URL(".", import.meta.url)), "rev-parse", "--short", "HEAD"]),
  user: process.getuid?.() === 0 ? "root" : "ordinary",
});

const outputOf = (program: string, args: readonly string[]): string => {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
};
