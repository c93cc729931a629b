import type { ChildProcess } from "node:child_process";
import { readlinkSync } from "node:fs";
import type { Readable } from "node:stream";
import { ApiError } from "../../api/api-error.ts";
import type { PodUpgradeRequest } from "../../apiserver/pod-streams.ts";
import { childrenOf, execInSandbox, killEntered } from "../pods/exec-in-sandbox.ts";
import type { PodWorker } from "../pods/pod-worker.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { onTerminal, resizeTerminal } from "../sandbox/terminal.ts";
import type { Pod } from "../types.ts";
import { findContainer } from "./find-container.ts";
import { RemoteCommand, type TerminalSize } from "./remote-command.ts";

/** Runs a command in a container for a client. Throws `ApiError` (BadRequest) before anything is sent. */
export const exec = async (request: PodUpgradeRequest, worker: PodWorker | undefined): Promise<void> => {
  const { query } = request;
  const argv = query.getAll("command");
  if (argv.length === 0) throw new ApiError("BadRequest", "you must specify at least 1 command for the container");
  const sandbox = runningSandbox(request, worker);
  const remote = await RemoteCommand.open(request);
  const tty = isTrue(query, "tty");
  const child = sandbox.spawn(tty ? onTerminal(argv) : argv, isTrue(query, "stdin"));
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(126));
    child.once("close", (code) => resolve(code ?? 137));
  });
  remote.readInput(child.stdin ?? undefined, true, (size) => resize(sandbox, () => scriptShell(child.pid), size));
  // Who leaves takes a terminal along; without one the program sees the end of its input.
  const leave = remote.closed().then(() => hangUp(child, tty));
  const outputs = [remote.send(child.stdout as Readable, "stdout"), remote.send(child.stderr as Readable, "stderr")];
  const exitCode = await ended;
  await Promise.all(outputs);
  await remote.finish(exitCode);
  await leave;
};

const hangUp = (child: ChildProcess, tty: boolean): void => {
  if (child.exitCode === null && child.signalCode === null) killEntered(child.pid, tty ? "SIGHUP" : "SIGPIPE");
};

/** Joins a container's own input and output. */
export const attach = async (request: PodUpgradeRequest, worker: PodWorker | undefined): Promise<void> => {
  const sandbox = runningSandbox(request, worker);
  const spec = findContainer(request.pod as Pod, worker, request.query.get("container")).spec;
  const remote = await RemoteCommand.open(request);
  remote.readInput(sandbox.stdin, spec.stdinOnce === true, (size) =>
    resize(sandbox, () => childrenOf(sandbox.pid)[0], size),
  );
  remote.copy(sandbox.stdout, "stdout");
  remote.copy(sandbox.stderr, "stderr");
  const exitCode = await Promise.race([sandbox.ended.then((ended) => ended.exitCode), remote.closed()]);
  if (exitCode !== undefined) await remote.finish(0);
};

const isTrue = (query: URLSearchParams, name: string): boolean => ["true", "1"].includes(query.get(name) ?? "");

const runningSandbox = ({ pod, query }: PodUpgradeRequest, worker: PodWorker | undefined): Sandbox => {
  const runner = findContainer(pod as Pod, worker, query.get("container"));
  if (runner.sandbox !== undefined) return runner.sandbox;
  throw new ApiError("BadRequest", `container ${runner.name} of pod ${pod.metadata.name} is not running`);
};

/** nsenter's child is `script`, and its child has the terminal. */
const scriptShell = (nsenterPid: number | undefined): number | undefined => {
  const script = nsenterPid === undefined ? undefined : childrenOf(nsenterPid)[0];
  return script === undefined ? undefined : childrenOf(script)[0];
};

/** Nothing where there is no terminal (yet): the size is a matter of looks. */
const resize = (sandbox: Sandbox, pidOf: () => number | undefined, size: TerminalSize, triesLeft = 20): void => {
  const device = terminalOf(pidOf());
  if (device !== undefined) void execInSandbox(sandbox, resizeTerminal(device, size.width, size.height), 1_000);
  else if (triesLeft > 0 && !sandbox.isEnded) setTimeout(() => resize(sandbox, pidOf, size, triesLeft - 1), 20).unref();
};

const terminalOf = (pid: number | undefined): string | undefined => {
  try {
    const link = pid === undefined ? "" : readlinkSync(`/proc/${pid}/fd/0`);
    return link.startsWith("/dev/pts/") ? link : undefined;
  } catch {
    return undefined;
  }
};
