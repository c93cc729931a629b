import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of a process. */
export interface ProcessStat {
  readonly pid: number;
  /** One letter: R, S, D, T (stopped), Z (ended, not reaped) … */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  /** Start in clock ticks since boot: with the pid it names a process for good. */
  readonly startTicks: number;
}

/** Reads /proc/<pid>/stat; undefined when there is no such process (or no /proc). */
export const readProcessStat = (pid: number): ProcessStat | undefined => {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name is in brackets and may itself hold brackets and blanks: fields count from the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    state: fields[0] ?? "?",
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    startTicks: Number(fields[19]),
  };
};

/** Whether that very process runs: same pid, same start, not a zombie. */
export const isSameProcess = (pid: number, startTicks: number): boolean => {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && stat.state !== "Z";
};

/** Every process the kernel lists, zombies left out. */
export const listProcesses = (): ProcessStat[] => {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcessStat(Number(name)))
    .filter((stat) => stat !== undefined)
    .filter((stat) => stat.state !== "Z");
};

/** Id of this boot of the machine: pids and ticks of another one mean nothing. Empty without /proc. */
export const bootId = (): string => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
};
