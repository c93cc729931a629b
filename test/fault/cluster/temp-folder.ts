import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The cluster's temp folder: a small disk of its own where we may mount one, so that it can be full. */
export interface TempFolder {
  readonly path: string;
  /** False: a plain folder. */
  readonly isDisk: boolean;
  remove(): void;
}

const diskBytes = 512 * 1024 * 1024;

export const makeTempFolder = (): TempFolder => {
  // Short: unix sockets live in it.
  const path = mkdtempSync(join(existsSync("/tmp") ? "/tmp" : tmpdir(), "mc-"));
  const isDisk = mount(path);
  const remove = (): void => {
    process.off("exit", remove);
    if (isDisk) execFileSync("umount", ["-l", path]);
    rmSync(path, { recursive: true, force: true });
  };
  // Whoever ends a run early leaves no disk behind.
  process.once("exit", remove);
  return { path, isDisk, remove };
};

const mount = (path: string): boolean => {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${diskBytes},mode=700`, "manta-chaos", path], {
      stdio: "ignore",
    });
    return true;
  } catch {
    // A container without the right to mount.
    return false;
  }
};
