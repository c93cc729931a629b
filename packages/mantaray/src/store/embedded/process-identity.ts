import { readFileSync } from "node:fs";
import { z } from "zod";

/** Names one process for ever: pids are used again, a pid with its start time is not. */
export const processIdentitySchema = z.object({ pid: z.number().int().positive(), startTime: z.string() });
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

export const ownIdentity = (): ProcessIdentity => ({
  pid: process.pid,
  startTime: startTimeOf(process.pid) ?? "unknown",
});

/** Whether that very process still runs. */
export const isRunning = ({ pid, startTime }: ProcessIdentity): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const present = startTimeOf(pid);
  // Without /proc only the pid counts: rather wait for a stranger than share a directory.
  return present === undefined || startTime === "unknown" || present === startTime;
};

/** Boot id and clock ticks since boot; undefined where the system does not tell, or for a zombie. */
const startTimeOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the command in brackets and may hold anything: fields count from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${bootId}/${fields[0] === "Z" ? "zombie" : (fields[19] ?? "")}`;
  } catch {
    return undefined;
  }
};
