import { readdirSync, readFileSync } from "node:fs";

/** Start time of a process in clock ticks since boot: with the pid, its identity. Undefined when it is gone or a zombie. */
export const startTimeOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
};

export const isAlive = (pid: number): boolean => startTimeOf(pid) !== undefined;

/** Signals one process that the test knows to be its own; a process that is gone already is fine. */
export const killPid = (pid: number, signal: NodeJS.Signals = "SIGKILL"): void => {
  // 0 and below are groups: ours among them.
  if (!Number.isInteger(pid) || pid <= 1) throw new RangeError(`killPid: ${pid} is no process of a test`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** A process of a cluster. */
export interface ClusterProcess {
  readonly pid: number;
  /** Its title (`ray::…`), or the program it runs (`gcs/main`). */
  readonly title: string;
  readonly rssBytes: number;
}

/** Every process that was started for the cluster of this temp folder. */
export const clusterProcesses = (tempDir: string): ClusterProcess[] =>
  readdirSync("/proc").flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/environ`, "utf8").includes(`MANTA_TEMP_DIR=${tempDir}\0`))
        return [];
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      const program = command.find((word) => /\/main\.[jt]s$/.test(word)) ?? "";
      const title = /(\w+(?:\/\w+)?\/main)\.[jt]s$/.exec(program)?.[1] ?? (command[0] ?? "").trim();
      const pages = Number(readFileSync(`/proc/${name}/statm`, "utf8").split(" ")[1]);
      return [{ pid: Number(name), title, rssBytes: pages * 4096 }];
    } catch {
      // It ended while we looked, or is not ours to read.
      return [];
    }
  });
