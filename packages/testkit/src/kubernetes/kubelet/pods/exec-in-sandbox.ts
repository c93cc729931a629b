import { readFileSync } from "node:fs";
import { killPid } from "../../../processes.ts";
import { kubeletLimits } from "../limits.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

/** Runs a program in the container; after the time-out it is killed and the exit code is 124. Output is cut. */
export const execInSandbox = (
  sandbox: Sandbox,
  argv: readonly string[],
  timeoutMs: number,
): Promise<{ exitCode: number; output: string }> =>
  new Promise((resolve) => {
    const child = sandbox.spawn(argv, false);
    let output = "";
    let isOver = false;
    const onData = (chunk: Buffer): void => {
      if (output.length < kubeletLimits.outputBytesMax) output += chunk.toString();
    };
    child.stdout?.on("data", onData);
    child.stderr?.on("data", onData);
    const finish = (exitCode: number, text: string): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      resolve({ exitCode, output: text.slice(0, kubeletLimits.outputBytesMax) });
    };
    const timer = setTimeout(() => {
      killEntered(child.pid);
      finish(124, `command ${JSON.stringify(argv)} timed out after ${timeoutMs} ms`);
    }, timeoutMs);
    child.once("error", (error) => finish(126, error.message));
    child.once("close", (code) => finish(code ?? 137, output));
  });

/** nsenter waits for the program it started; signals to it go nowhere, so the program gets them. */
export const killEntered = (pid: number | undefined, signal: NodeJS.Signals = "SIGKILL"): void => {
  if (pid === undefined) return;
  for (const child of childrenOf(pid)) killPid(child, signal);
  if (signal === "SIGKILL") killPid(pid, signal);
};

/** Direct children of a process; none when it is gone. */
export const childrenOf = (pid: number): number[] => {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
};
