import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { DeathCause } from "../../protocol/actor.ts";
import type { ChildExit } from "../supervise/child-process.ts";

/** Why we ended an actor ourselves. */
export interface Ending {
  readonly kind: "KILLED" | "UNRESPONSIVE" | "CREATION_FAILED" | "CRASHED";
  readonly message: string;
}

/**
 * Turns an exit into the cause that people read. Our own reason comes first; then memory (the kernel's
 * killer, or V8's end of heap in the last lines of standard error); then the bare exit.
 */
export const exitCause = (
  exit: ChildExit,
  ending: Ending | undefined,
  evidence: { errPath: string; kernelKilled: boolean },
): DeathCause => {
  const { exitCode, signal } = exit;
  if (ending !== undefined) return { ...ending, exitCode, signal };
  if (signal === "SIGKILL" && evidence.kernelKilled) {
    return { kind: "OUT_OF_MEMORY", message: "killed by the kernel: out of memory", exitCode, signal };
  }
  const lastWords = tail(evidence.errPath);
  if ((signal === "SIGABRT" || exitCode === 134) && lastWords.includes("heap out of memory")) {
    return { kind: "OUT_OF_MEMORY", message: "the JavaScript heap is out of memory", exitCode, signal };
  }
  if (signal !== null) return { kind: "CRASHED", message: `ended by ${signal}`, exitCode, signal };
  if (exitCode === 0) return { kind: "EXITED", message: "the process exited with code 0", exitCode, signal };
  const words = lastWords.trim();
  const message = `the process exited with code ${exitCode}${words === "" ? "" : `; last output:\n${words}`}`;
  return { kind: "CRASHED", message, exitCode, signal };
};

/** Times the kernel's memory killer struck in our control group; 0 where that is not to be seen. */
export const kernelKills = (): number => {
  for (const path of ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"]) {
    try {
      return Number(/^oom_kill (\d+)/m.exec(readFileSync(path, "utf8"))?.[1] ?? 0);
    } catch {
      // The other version of control groups, or none.
    }
  }
  return 0;
};

/** Enough of the end of a log to show a stack, and little enough for a record. */
const tailBytes = 2_048;

const tail = (path: string): string => {
  try {
    const fd = openSync(path, "r");
    try {
      const size = fstatSync(fd).size;
      const buffer = Buffer.alloc(Math.min(size, tailBytes));
      readSync(fd, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString("utf8");
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
};
