import { readFileSync } from "node:fs";

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
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};
