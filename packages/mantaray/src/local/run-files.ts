import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes what a run has written: its own folder, those of runs that were killed and could not, and the file
 * that leads clients to the cluster, which a head that was killed leaves behind.
 */
export const sweepRunFiles = (run: { tempDir: string; runDir: string; gcsAddress: string }): void => {
  rmSync(run.runDir, { recursive: true, force: true });
  for (const name of readdirSync(run.tempDir)) {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(run.tempDir, name), { recursive: true, force: true });
  }
  const current = join(run.tempDir, "ray_current_cluster");
  if (textOf(current).trim().split(",").includes(run.gcsAddress)) rmSync(current, { force: true });
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // None: the head has removed it.
    return "";
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
