import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { dial } from "../dial.ts";
import type { Link } from "../types.ts";

/** A peer in a process of its own (see `peer-process.ts`), and a link to it. */
export class Peer {
  /** Where the peer writes down what it started. */
  readonly file: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "manta-peer-"));
  #process: ChildProcess | undefined;

  constructor() {
    this.file = join(this.#directory, "started");
    onTestFinished(() => {
      this.kill();
      rmSync(this.#directory, { recursive: true, force: true });
    });
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(kind: "unix" | "tcp", ...behaviour: string[]): Promise<Link> {
    const address = kind === "unix" ? `unix:${join(this.#directory, "p.sock")}` : "tcp:127.0.0.1:0";
    const child = fork(new URL("./peer-process.ts", import.meta.url), [address, ...behaviour, this.file]);
    this.#process = child;
    const bound = await new Promise<string>((resolve) => child.once("message", (said) => resolve(said as string)));
    return dial(bound, { token: "token", identity: { role: "test", id: "" } });
  }

  kill(): void {
    this.#process?.kill("SIGKILL");
  }

  /** Stops and continues the process, as a machine out of breath does. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }
}
