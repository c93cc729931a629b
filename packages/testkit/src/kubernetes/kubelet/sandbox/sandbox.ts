import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive, killPid } from "../../../processes.ts";
import { kubeletLimits } from "../limits.ts";
import type { SandboxPrograms } from "./bwrap-program.ts";
import { type RootFiles, rootArguments } from "./root-arguments.ts";

/** What runs in a sandbox, and how. */
export interface SandboxSpec {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly hostname: string;
  readonly uid: number;
  readonly gid: number;
  readonly files: RootFiles;
  /** Standard input stays open; else it is empty. */
  readonly stdin: boolean;
}

/** How a program ended; as a shell counts, 128 + n after signal n. */
export interface Ended {
  readonly exitCode: number;
  /** Where the program could not be started: why. */
  readonly startError?: string;
}

/**
 * One container: a program as pid 1 of its own mount, pid, uts, ipc and user namespaces, in the host's network. It dies
 * with this process. Limits of memory and CPU are not enforced.
 */
export class Sandbox {
  /** Pid of the program as the host counts. */
  readonly pid: number;
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<Ended>;
  readonly #programs: SandboxPrograms;
  readonly #spec: SandboxSpec;
  #isEnded = false;

  /** Resolves once the program runs, or has ended. Rejects with what bwrap says when it makes no namespaces. */
  static async start(programs: SandboxPrograms, spec: SandboxSpec): Promise<Sandbox> {
    const child = spawn(programs.bwrap, bwrapArguments(spec), {
      stdio: [spec.stdin ? "pipe" : "ignore", "pipe", "pipe", "pipe"],
      env: {},
    });
    if (child.stdout !== null) hold(child.stdout);
    const pid = await firstPid(child);
    if (child.stderr !== null) hold(child.stderr);
    const sandbox = new Sandbox(programs, spec, child, pid);
    await sandbox.#started();
    return sandbox;
  }

  private constructor(programs: SandboxPrograms, spec: SandboxSpec, child: ChildProcess, pid: number) {
    this.#programs = programs;
    this.#spec = spec;
    this.pid = pid;
    this.stdin = child.stdin ?? undefined;
    this.stdout = child.stdout as Readable;
    this.stderr = child.stderr as Readable;
    // A writer whose program is gone: the end is told by `ended`.
    this.stdin?.on("error", () => undefined);
    let startError: string | undefined;
    this.stderr.once("data", (chunk: Buffer) => {
      startError = /^bwrap: (.*)/.exec(chunk.toString())?.[1];
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#isEnded = true;
        const exitCode = code ?? (signal === "SIGKILL" ? 137 : 143);
        resolve(exitCode === 1 && startError !== undefined ? { exitCode: 128, startError } : { exitCode });
      });
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** bwrap tells the pid before it makes the file system: who enters earlier sees the host's. */
  async #started(): Promise<void> {
    const deadlineMs = performance.now() + kubeletLimits.sandboxStartMs;
    while (!this.#isEnded && performance.now() < deadlineMs && nameOf(this.pid) === "bwrap") await delay(1);
  }

  /** Output comes to those who listen to `stdout` and `stderr` by now. Until this call it waits, also when the program ends. */
  flow(): void {
    for (const stream of [this.stdout, this.stderr]) {
      stream.off("readable", onUnread);
      stream.resume();
    }
  }

  /** To the program; nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#isEnded && isAlive(this.pid)) killPid(this.pid, signal);
  }

  /** Another program in the same namespaces, as the same user, with the container's environment. */
  spawn(argv: readonly string[], stdin: boolean): ChildProcess {
    const { workingDir, env } = this.#spec;
    const enter = ["-t", String(this.pid), "-U", "-m", "-p", "-u", "-i", "--preserve-credentials", "--"];
    return spawn(this.#programs.nsenter, [...enter, "/usr/bin/env", "-C", workingDir, ...argv], {
      stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"],
      env,
    });
  }
}

/** Node throws away what is unread of a program that ends, but not where somebody asks for each piece. */
const hold = (output: Readable): void => void output.on("readable", onUnread);

const onUnread = (): void => undefined;

/** Undefined when it has ended, also where nobody has asked for its exit code yet: whose child it became may take its time. */
const nameOf = (pid: number): string | undefined => {
  try {
    const [, name, state] = /^\d+ \((.*)\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return state === "Z" || state === "X" ? undefined : name;
  } catch {
    return undefined;
  }
};

const bwrapArguments = (spec: SandboxSpec): string[] => [
  "--unshare-user",
  "--uid",
  String(spec.uid),
  "--gid",
  String(spec.gid),
  "--unshare-pid",
  "--unshare-uts",
  "--unshare-ipc",
  "--hostname",
  spec.hostname,
  "--as-pid-1",
  "--die-with-parent",
  "--new-session",
  "--info-fd",
  "3",
  ...rootArguments(spec.files),
  "--chdir",
  spec.workingDir,
  "--clearenv",
  ...Object.entries(spec.env).flatMap(([name, value]) => ["--setenv", name, value]),
  "--",
  ...spec.argv,
];

/** bwrap writes JSON with the child's pid to fd 3 before the program starts. */
const firstPid = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    let info = "";
    let problem = "";
    const onProblem = (chunk: Buffer): void => {
      if (problem.length < kubeletLimits.outputBytesMax) problem += chunk.toString();
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`bwrap made no sandbox within ${kubeletLimits.sandboxStartMs} ms`));
    }, kubeletLimits.sandboxStartMs);
    const finish = (): void => {
      clearTimeout(timer);
      child.stderr?.off("data", onProblem);
    };
    child.stderr?.on("data", onProblem);
    child.once("error", (error) => {
      finish();
      reject(error);
    });
    child.once("close", (code) => {
      finish();
      reject(new Error(`bwrap ended with ${code ?? "a signal"}: ${problem.trim()}`));
    });
    child.stdio[3]?.on("data", (chunk: Buffer) => {
      info += chunk.toString();
      const pid = /"child-pid":\s*(\d+)/.exec(info)?.[1];
      if (pid === undefined) return;
      finish();
      child.stderr?.pause();
      if (problem !== "") child.stderr?.unshift(Buffer.from(problem));
      resolve(Number(pid));
    });
  });
