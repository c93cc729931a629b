import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
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
    ["-c", `${guarded} & child=$!; echo $child; read _ || true; kill $child; wait $child`],
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
    await waitForPort(listen);
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

const waitForPort = async (port: number): Promise<void> => {
  const deadlineMs = performance.now() + startTimeoutMs;
  while (!(await accepts(port))) {
    if (performance.now() > deadlineMs) throw new Error(`nothing listens on port ${port} after ${startTimeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });

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
