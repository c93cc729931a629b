import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChildServer, stopChild } from "./child-server.ts";
import { installed } from "./installed.ts";
import type { RunningVariant } from "./variant.ts";

/** How a proxy that is not ours is run in front of a bare `node:http` server. */
export interface ForeignProxy {
  readonly program: string;
  /** Text of its configuration. */
  readonly config: (ports: { listen: number; upstream: number; directory: string }) => string;
  readonly arguments: (configPath: string) => readonly string[];
}

const startTimeoutMs = 5_000;

/** Starts it, or says that it is not installed. */
export const startForeignProxy = async (proxy: ForeignProxy): Promise<RunningVariant | { skipped: string }> => {
  const path = installed(proxy.program);
  if (path === undefined) return { skipped: "not installed" };
  const upstream = await startChildServer(new URL("node-http-server.ts", import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), `manta-bench-${proxy.program}-`));
  const listen = await freePort();
  const configPath = join(directory, "config");
  writeFileSync(configPath, proxy.config({ listen, upstream: upstream.port, directory }));
  // It does not watch its standard input: a shell that does ends it when we die.
  const guarded = [path, ...proxy.arguments(configPath)].map((word) => `'${word}'`).join(" ");
  const shell = spawn(
    "/bin/sh",
    ["-c", `${guarded} & child=$!; echo $child; exec 2>/dev/null; read _ || true; kill $child; wait $child`],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const pid = await new Promise<number>((resolve) => {
    shell.stdout.once("data", (bytes: Buffer) => resolve(Number(bytes.toString().trim())));
  });
  const stop = async (): Promise<void> => {
    await stopChild(shell);
    await upstream.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    // A whole answer, not just a connection: by then its workers run.
    await waitForAnswer(`http://127.0.0.1:${listen}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${listen}`,
    pids: { proxy: [pid, ...childrenOf(pid)], replica: [upstream.pid] },
    stop,
  };
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

const waitForAnswer = async (url: string): Promise<void> => {
  const deadlineMs = performance.now() + startTimeoutMs;
  while (!(await answers(url))) {
    if (performance.now() > deadlineMs) throw new Error(`${url} does not answer after ${startTimeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const answers = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, { headers: { connection: "close" } });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
};

const childrenOf = (parent: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);

const parentOf = (pid: string): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]);
  } catch {
    // It ended between the listing and the reading.
    return -1;
  }
};
