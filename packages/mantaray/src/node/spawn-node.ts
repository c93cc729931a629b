import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { loadAuthToken } from "../base/auth-token.ts";
import { MantaError } from "../base/errors.ts";
import type { NodeId } from "../base/ids.ts";
import { withTimeout } from "../base/wait.ts";
import { programs } from "../entrypoints.ts";
import { nodeLimits } from "./limits.ts";
import { type NodeReady, nodeOptionsVariable } from "./node-boot.ts";
import { nodePaths } from "./node-paths.ts";
import { type NodeOptions, type ResolvedNodeOptions, resolveNodeOptions } from "./options.ts";
import { openLogFiles } from "./supervise/log-files.ts";

/** How a node's process hangs together with its starter. */
export interface SpawnNodeOptions {
  /** Leads a process group of its own and does not keep the starter alive. Default true. */
  readonly detached?: boolean;
  /** Where its log lines go: `log` (default) <node dir>/logs/agent.err, `inherit` the starter's. */
  readonly stdio?: "log" | "inherit";
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default 60 s, for `ready`. */
  readonly readyTimeoutMs?: number;
}

/** What a started node says of itself. */
export interface NodeReadiness {
  readonly agentPort: number;
  /** Whether the node's own control store leads; if not, a head stands by. */
  readonly leads: boolean;
  /** Where the leading one is, `tcp:host:port`. */
  readonly leader: string;
}

/** A node's process as its starter sees it. */
export interface NodeHandle {
  readonly pid: number;
  readonly nodeId: NodeId;
  readonly options: ResolvedNodeOptions;
  readonly logsDir: string;
  /** Resolves when the node listens and has registered; rejects with the reason of its failure. */
  readonly ready: Promise<NodeReadiness>;
  readonly exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM stops it in order; a second one hurries it. */
  kill(signal: NodeJS.Signals): void;
}

/** Resolves options and starts the node's process. */
export const startNode = async (options: NodeOptions, how: SpawnNodeOptions = {}): Promise<NodeHandle> =>
  spawnNode(await resolveNodeOptions(options, how.env ?? process.env), how);

/** Starts a node's process. */
export const spawnNode = (options: ResolvedNodeOptions, how: SpawnNodeOptions = {}): NodeHandle => {
  const env = how.env ?? process.env;
  // Made here already, so that nodes of one machine that start together agree on it.
  if (options.head) loadAuthToken(env, { create: true });
  const paths = nodePaths(options.tempDir, options.sessionDir, options.nodeId);
  mkdirSync(paths.logsDir, { recursive: true, mode: 0o700 });
  const logs = how.stdio === "inherit" ? undefined : openLogFiles(paths.logsDir, "agent");
  const child = spawn(process.execPath, [fileURLToPath(programs.node)], {
    detached: how.detached ?? true,
    stdio: [options.endWithStdin ? "pipe" : "ignore", logs?.outFd ?? "inherit", logs?.errFd ?? "inherit", "pipe"],
    env: {
      ...env,
      NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(options.tempDir, "compile-cache"),
      [nodeOptionsVariable]: JSON.stringify(options),
    },
  });
  logs?.settle();
  const exited = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  child.on("error", () => undefined);
  child.stdin?.on("error", () => undefined);
  if (child.pid === undefined) throw new MantaError("unavailable", "cannot start a node: out of processes or memory");
  const ready = withTimeout(
    readReady(child, exited, paths.logsDir),
    how.readyTimeoutMs ?? nodeLimits.nodeReadyTimeoutMs,
    `the start of node ${options.nodeId.slice(0, 8)} (see ${paths.logsDir})`,
  );
  // Whoever does not ask is not hurt by its failure.
  ready.catch(() => undefined);
  if (how.detached ?? true) child.unref();
  return {
    pid: child.pid,
    nodeId: options.nodeId,
    options,
    logsDir: paths.logsDir,
    ready,
    exited,
    kill: (signal) => void child.kill(signal),
  };
};

const readReady = async (
  child: ChildProcess,
  exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>,
  logsDir: string,
): Promise<NodeReadiness> => {
  const pipe = child.stdio[3] as Readable;
  pipe.on("error", () => undefined);
  let text = "";
  for await (const chunk of pipe) text += String(chunk);
  if (text.trim() === "") {
    const { exitCode, signal } = await exited;
    throw new MantaError(
      "unavailable",
      `the node ended while it started (${signal ?? `code ${exitCode}`}): see ${logsDir}`,
    );
  }
  const message = JSON.parse(text) as NodeReady;
  if (message.kind === "failed") throw MantaError.fromWire(message.error);
  return { agentPort: message.agentPort, leads: message.leads, leader: message.leader };
};
