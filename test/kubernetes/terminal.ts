import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { kubectlPrograms } from "@manta/testkit/kubernetes";
import { root } from "../e2e/docs-blocks.ts";

/** What a command said, and when. */
export interface CommandResult {
  readonly command: string;
  /** Both of its streams, in the order of its writes. */
  readonly output: string;
  /** Of `performance.now`. */
  readonly startMs: number;
  readonly endMs: number;
}

/** A program that goes on in the background. */
export interface BackgroundProgram {
  /** Exit code; undefined while it runs, -1 when a signal ended it. */
  exitCode(): number | undefined;
  end(): Promise<void>;
}

/**
 * A shell that stays, as a person has it who follows a page: variables set by one command are there for the next. It has
 * real kubectl and helm in PATH and the cluster in KUBECONFIG, and starts in the repository's folder.
 */
export class Terminal {
  readonly #env: NodeJS.ProcessEnv;
  readonly #shell: ChildProcessByStdio<Writable, Readable, null>;
  readonly #background = new Set<BackgroundProgram>();
  readonly #killWithProcess = (): void => this.#kill();
  #output = "";

  /** `folder` gets the programs and their caches. */
  static async open({ kubeconfig, folder }: { kubeconfig: string; folder: string }): Promise<Terminal> {
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    for (const [name, file] of Object.entries(await kubectlPrograms())) symlinkSync(file, join(bin, name));
    return new Terminal({
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`,
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: join(folder, "kubectl"),
      HELM_CACHE_HOME: join(folder, "helm-cache"),
      HELM_CONFIG_HOME: join(folder, "helm-config"),
      HELM_DATA_HOME: join(folder, "helm-data"),
    });
  }

  private constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
    // A group of its own, so that what it has started ends with it.
    this.#shell = spawn("bash", ["--norc"], { cwd: root, env, stdio: ["pipe", "pipe", "ignore"], detached: true });
    this.#shell.stdout.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.#shell.stdin.on("error", () => undefined);
    process.once("exit", this.#killWithProcess);
  }

  /** Rejects with its output where it fails or takes longer. */
  async run(command: string, timeoutMs: number): Promise<CommandResult> {
    const mark = `-- ${crypto.randomUUID()} `;
    const startMs = performance.now();
    this.#output = "";
    this.#shell.stdin.write(`{ ${command}\n} </dev/null 2>&1\nprintf '%s%s\\n' '${mark}' "$?"\n`);
    const ended = new RegExp(`${mark}(\\d+)\n`);
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      while (!ended.test(this.#output)) {
        if (this.#shell.exitCode !== null) throw new Error("the shell ended");
        await once(this.#shell.stdout, "data", { signal: deadline });
      }
    } catch (error) {
      const why = deadline.aborted ? `took more than ${timeoutMs} ms` : "ended the shell";
      throw new Error(`$ ${command}\n${this.#output}\n${why}`, { cause: error });
    }
    const output = this.#output.slice(0, this.#output.indexOf(mark));
    const code = ended.exec(this.#output)?.[1];
    if (code !== "0") throw new Error(`$ ${command}\n${output}\nexit code ${code}`);
    return { command, output, startMs, endMs: performance.now() };
  }

  /** As in a second terminal; tells each line of both streams. */
  start(command: string, onLine: (line: string) => void): BackgroundProgram {
    const child = spawn("bash", ["--norc", "-c", `exec ${command}`], {
      cwd: root,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", onLine);
    const closed = once(child, "close");
    const program: BackgroundProgram = {
      exitCode: () => (child.exitCode === null && child.signalCode === null ? undefined : (child.exitCode ?? -1)),
      end: async () => {
        this.#background.delete(program);
        child.kill();
        await closed;
      },
    };
    this.#background.add(program);
    return program;
  }

  /** Ends what runs in it. */
  async close(): Promise<void> {
    await Promise.all([...this.#background].map((program) => program.end()));
    const closed = this.#shell.exitCode === null && this.#shell.signalCode === null ? once(this.#shell, "close") : [];
    this.#kill();
    await closed;
    process.removeListener("exit", this.#killWithProcess);
  }

  #kill(): void {
    const { pid, exitCode, signalCode } = this.#shell;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
  }
}
