import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A server in a process of its own. */
export interface ChildServer {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** Runs a TypeScript file which says `port N` once it listens and ends with its standard input, so also with us. */
export const startChildServer = async (file: URL, ...options: string[]): Promise<ChildServer> => {
  const child = spawn(process.execPath, [...options, file.pathname], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await portOf(child);
  return { pid: child.pid ?? 0, port, stop: () => stopChild(child) };
};

const stopGraceMs = 1_000;

/** Ends a child in order: its standard input closes, SIGTERM after a second. Resolves when it has gone. */
export const stopChild = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const timer = setTimeout(() => child.kill("SIGTERM"), stopGraceMs);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin?.end();
  });

const portOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`a server ended with ${code} before it listened`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const port = /^port (\d+)$/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
