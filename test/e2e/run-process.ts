import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "mantaray/testing";

/** A command under test: its output so far, and its end. */
export interface RunningProcess {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves when the output matches; rejects with the output when the process ends first or time is up. */
  until(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Sends the signal and resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export const start = (
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): RunningProcess => {
  // A process group of its own, as a terminal gives it: what npm started hears the signal too.
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    output: () => output,
    until: async (pattern, timeoutMs) => {
      const match = await waitFor(() => pattern.exec(output) ?? (over() ? "ended" : undefined), {
        timeoutMs,
        what: `${pattern}`,
      }).catch((error: unknown) => {
        throw new Error(`${pattern} did not show in:\n${output}`, { cause: error });
      });
      if (match === "ended") throw new Error(`ended before ${pattern}:\n${output}`);
      return match;
    },
    end: async (signal) => {
      if (over()) return child.exitCode;
      const exited = once(child, "close");
      if (child.pid !== undefined) process.kill(-child.pid, signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
};
