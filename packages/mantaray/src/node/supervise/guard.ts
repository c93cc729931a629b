import { type ChildProcess, spawn } from "node:child_process";
import type { Log } from "../../base/log.ts";
import { nodeLimits } from "../limits.ts";
import { killGroup } from "../processes/signals.ts";

/**
 * Waits for the end of its standard input, which is the end of the agent; gives the workers time to leave
 * by themselves; then kills the groups that are still in the file. A line is `<pid> <start ticks>`: a
 * leader that started at another time has only got the same pid and is left alone.
 */
const script = `
delay=$1 file=$2
while read -r _; do :; done
sleep "$delay"
[ -r "$file" ] || exit 0
while read -r pid ticks; do
  if stat=$(cat "/proc/$pid/stat" 2>/dev/null); then
    set -- \${stat##*) }
    [ "\${20}" = "$ticks" ] || continue
  fi
  kill -s KILL -- "-$pid" 2>/dev/null
done < "$file"
exit 0
`;

/**
 * The last resort against orphans: a worker notices the end of its agent by itself, but not while its loop is
 * blocked or the process is stopped. A shell of a megabyte outlives the agent for a moment and sees to it.
 */
export class Guard {
  readonly #groupsFile: string;
  readonly #log: Log;
  #shell: ChildProcess | undefined;

  constructor(groupsFile: string, log: Log) {
    this.#groupsFile = groupsFile;
    this.#log = log;
  }

  start(): void {
    const delayS = String(nodeLimits.guardDelayMs / 1_000);
    const shell = spawn("/bin/sh", ["-c", script, "manta-guard", delayS, this.#groupsFile], {
      // Of its own group: whatever ends the agent's must not end it.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    shell.on("error", (error) => this.#log.warn({ err: error }, "no guard against orphans: there is no shell"));
    shell.stdin?.on("error", () => undefined);
    shell.unref();
    this.#shell = shell;
  }

  /** The agent ends in order: nothing is left to guard against. */
  stop(): void {
    const pid = this.#shell?.pid;
    if (pid !== undefined && this.#shell?.exitCode === null) killGroup(pid);
  }
}
