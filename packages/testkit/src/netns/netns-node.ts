import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "mantaray/testing";
import { killPid } from "../processes.ts";
import type { FabricMember } from "./fabric.ts";
import { pidsIn, within } from "./ip.ts";

const program = fileURLToPath(new URL("../../../mantaray/src/cli/main.ts", import.meta.url));
const startTimeoutMs = 60_000;

/** How a node is started. */
export interface NetnsNodeOptions {
  readonly member: FabricMember;
  /** Flags of `manta start` beside the address of the node. */
  readonly flags: readonly string[];
  /** The node's own temp folder, as a machine of its own has. */
  readonly tempDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A node in a namespace of its own: `manta start --block` and what it started. */
export class NetnsNode {
  readonly member: FabricMember;
  readonly #options: NetnsNodeOptions;
  #child: ChildProcess | undefined;

  constructor(options: NetnsNodeOptions) {
    this.member = options.member;
    this.#options = options;
  }

  get name(): string {
    return this.member.name;
  }

  get ip(): string {
    return this.member.ip;
  }

  /** What `manta start` said, for people. */
  get output(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, "utf8") : "";
  }

  /** Every process of the node, its agent included. */
  pids(): number[] {
    return pidsIn(this.member.namespace);
  }

  /** Those that host an actor of this class. */
  pidsOf(className: string): number[] {
    return this.pids().filter((pid) => titleOf(pid) === `ray::${className}`);
  }

  /** Starts it; resolves when it has joined the cluster. */
  async start(): Promise<void> {
    const { member, flags, tempDir, env } = this.#options;
    mkdirSync(tempDir, { recursive: true, mode: 0o700 });
    const command = [process.execPath, program, "start", "--block", `--node-ip-address=${member.ip}`, ...flags];
    const [nsenter, ...args] = within(member.namespace, command);
    const log = openSync(this.#logFile, "w");
    const child = spawn(nsenter, args, {
      // Its input ends when this process does, and with it the node.
      stdio: ["pipe", log, log],
      env: { ...env, MANTA_TEMP_DIR: tempDir, RAY_ADDRESS: undefined },
    });
    closeSync(log);
    child.stdin?.on("error", () => undefined);
    child.unref();
    this.#child = child;
    const up = await waitFor(
      () => (child.exitCode !== null ? "ended" : this.output.includes("Manta runtime started.") && "up"),
      { what: `the start of ${this.name}`, timeoutMs: startTimeoutMs, intervalMs: 20 },
    );
    if (up === "ended") throw new Error(`${this.name} did not start: ${this.output}`);
  }

  /** SIGKILL to all of it at once, as when a machine loses its power. */
  kill(): void {
    for (const pid of this.pids()) killPid(pid);
  }

  /** SIGTERM to `manta start`: the node ends in order. */
  terminate(): void {
    this.#child?.kill("SIGTERM");
  }

  get #logFile(): string {
    return join(this.#options.tempDir, "start.log");
  }
}

/** What a process calls itself; nothing where it ended while we looked. */
const titleOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0]?.trim() ?? "";
  } catch {
    return "";
  }
};
