import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { MantaError } from "../../base/errors.ts";
import { readProcessStat } from "../processes/proc-stat.ts";
import { killGroup, sendSignal } from "../processes/signals.ts";
import type { ListeningHandle } from "./listening-handle.ts";
import { type LogFiles, openLogFiles } from "./log-files.ts";

/** How a process ended. */
export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to run. */
export interface ChildSpec {
  /** For people and for the names of its logs. */
  readonly name: string;
  readonly program: URL;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logsDir: string;
  /** Puts the pid into the names of the logs. Default false. */
  readonly pidInLogName?: boolean;
  /** Open sockets may be sent to it. Default false. */
  readonly takesSockets?: boolean;
}

/** A process of this node, as seen by its parent. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly startTicks: number;
  /** Undefined while it runs. */
  readonly exit: ChildExit | undefined;
  readonly exited: Promise<ChildExit>;
  /** Runs in the same tick in which the kernel told us; at once when it has ended already. */
  onExit(listener: (exit: ChildExit) => void): void;
  /** Where its standard error goes. */
  readonly errPath: string;
  /** Whether it has written to its standard output yet. */
  readonly hasSpoken: boolean;
  signal(signal: NodeJS.Signals): void;
  /** Writes a line to its standard input. */
  tell(line: string): void;
  /** SIGKILL to its process group. */
  killGroup(): void;
  /** Sends a copy of an open socket; ours stays open. Rejects with `unavailable` when it cannot be sent. */
  sendSocket(socket: ListeningHandle): Promise<void>;
}

/**
 * Starts a program of ours under this Node as leader of a process group of its own. Its standard
 * input is a pipe which ends when we do, however we end. Throws `unavailable` when it cannot be started.
 */
export const spawnChild = (spec: ChildSpec): Child => {
  const logs = openLogFiles(spec.logsDir, spec.name);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [fileURLToPath(spec.program), ...spec.args], {
      stdio: ["pipe", logs.outFd, logs.errFd, ...(spec.takesSockets === true ? (["ipc"] as const) : [])],
      detached: true,
      env: { ...spec.env },
    });
  } catch (error) {
    logs.settle();
    throw new MantaError("unavailable", `cannot start ${spec.name}`, { cause: error });
  }
  // Reported by the missing pid as well; without a listener it would end this process.
  child.on("error", () => undefined);
  // The agent lives for other reasons than this channel.
  child.channel?.unref?.();
  // The pipe of a process that died breaks: its exit says it all.
  child.stdin?.on("error", () => undefined);
  logs.settle(spec.pidInLogName === true ? child.pid : undefined);
  if (child.pid === undefined)
    throw new MantaError("unavailable", `cannot start ${spec.name}: out of processes or memory`);
  return watchChild(spec.name, child.pid, child, logs);
};

const watchChild = (name: string, pid: number, child: ChildProcess, logs: LogFiles): Child => {
  let exit: ChildExit | undefined;
  let listeners: ((exit: ChildExit) => void)[] = [];
  const { promise: exited, resolve } = Promise.withResolvers<ChildExit>();
  child.once("exit", (exitCode, signal) => {
    exit = { exitCode, signal };
    const heard = listeners;
    listeners = [];
    for (const listener of heard) listener(exit);
    resolve(exit);
  });
  return {
    name,
    pid,
    startTicks: readProcessStat(pid)?.startTicks ?? 0,
    get exit() {
      return exit;
    },
    exited,
    onExit: (listener) => {
      if (exit === undefined) listeners.push(listener);
      else listener(exit);
    },
    errPath: logs.errPath(),
    get hasSpoken() {
      return logs.outGrown();
    },
    signal: (signal) => {
      // A reaped pid may be somebody else's by now.
      if (exit === undefined) sendSignal(pid, signal);
    },
    tell: (line) => void child.stdin?.write(`${line}\n`),
    // The number of a group stays taken while a member lives: after the leader's end it hits only what that left.
    killGroup: () => void killGroup(pid),
    sendSocket: (socket) => sendSocket(child, socket),
  };
};

const sendSocket = async (child: ChildProcess, socket: ListeningHandle): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    // Without a channel, or with a closed one, this throws or calls back with an error.
    child.send({ kind: "socket" }, socket as unknown as Socket, (error) => {
      if (error === null) resolve();
      else reject(new MantaError("unavailable", "the worker takes no socket", { cause: error }));
    });
  });
};
