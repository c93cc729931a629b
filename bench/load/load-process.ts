import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { LoadOptions } from "./load.ts";
import type { LoadSnapshot } from "./load-counters.ts";

/** One measured run. `expect` functions do not cross the process boundary. */
export interface LoadRun extends LoadOptions {
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Called when the measured time begins and when it ends: the place to read other processes' counters. */
  readonly onBegin?: () => void;
  readonly onEnd?: () => void;
}

/** The load generator in a process of its own, kept for many runs so that its code is warm. */
export interface LoadProcess {
  readonly pid: number;
  run(run: LoadRun): Promise<LoadSnapshot>;
  stop(): Promise<void>;
}

export const startLoadProcess = (): LoadProcess => {
  const child = spawn(process.execPath, [new URL("main.ts", import.meta.url).pathname], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    run: async (run) => {
      child.stdin.write(`${JSON.stringify(run)}\n`);
      for (;;) {
        const line = await lines.next();
        if (line.done === true) throw new Error("the load generator ended in the middle of a run");
        const message = JSON.parse(line.value) as { event: "begin" | "end" | "result"; result: LoadSnapshot };
        if (message.event === "begin") run.onBegin?.();
        else if (message.event === "end") run.onEnd?.();
        else return message.result;
      }
    },
    stop: () => ended(child),
  };
};

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.stdin?.end();
  });
