import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { MantaError } from "../base/errors.ts";
import { withTimeout } from "../base/wait.ts";
import { programs } from "../entrypoints.ts";

const startTimeoutMs = 5_000;

/** The running front of a local cluster. */
export interface FrontProcess {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the front address over the given proxies. Errors: `unavailable` when the address is taken. */
export const startFront = async (options: {
  host: string;
  port: number;
  targets: readonly string[];
}): Promise<FrontProcess> => {
  const { port, host, targets } = options;
  const args = ["--host", host, "--port", String(port), ...targets.flatMap((target) => ["--target", target])];
  const child = spawn(process.execPath, [programs.front.pathname, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  try {
    await withTimeout(firstOutput(child), startTimeoutMs, "the start of the front address");
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return { pid: child.pid ?? 0, url: `http://${host}:${port}`, stop: () => stop(child) };
};

const firstOutput = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let complaint = "";
    child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdout?.once("data", () => resolve());
    child.once("exit", (code) =>
      reject(new MantaError("unavailable", complaint.trim() || `the front ended with code ${code}`)),
    );
  });

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
};
