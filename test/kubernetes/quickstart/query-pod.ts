import { waitFor } from "mantaray/testing";
import type { BackgroundProgram, Terminal } from "../terminal.ts";

/** So many requests one after the other take no longer than this on a slow machine. */
const requestsTimeoutMs = 120_000;
const linesKept = 20;
const progress = /^req_index : (\d+), num_fail: (\d+)$/;

/** The pod that sends requests without end, as step 6 of the page has it. */
export class QueryPod {
  readonly #program: BackgroundProgram;
  #counts = { requests: 0, failures: 0 };
  #lines: string[] = [];
  #complaints: string[] = [];

  /** Runs the command, which runs the script in the pod. */
  constructor(terminal: Terminal, command: string) {
    this.#program = terminal.start(command, (line) => this.#hear(line));
  }

  /** How many requests have ended, and how many of them failed, in its own words. */
  get counts(): { readonly requests: number; readonly failures: number } {
    return this.#counts;
  }

  /** Some of its last ones. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The first lines that tell of something else than a right answer. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Resolves when so many more requests have ended; rejects when the script ends before. */
  async more(requests: number): Promise<void> {
    const goal = this.#counts.requests + requests;
    const outcome = await waitFor(
      () => (this.#counts.requests >= goal && "done") || (this.#program.exitCode() !== undefined && "ended"),
      { timeoutMs: requestsTimeoutMs, what: `${requests} more requests of the query pod` },
    );
    if (outcome === "ended") throw new Error(`the query script has ended:\n${this.#lines.join("\n")}`);
  }

  /** Hangs up; the counts stay. */
  end(): Promise<void> {
    return this.#program.end();
  }

  #hear(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > linesKept) this.#lines.shift();
    const said = progress.exec(line);
    if (said !== null) this.#counts = { requests: Number(said[1]), failures: Number(said[2]) };
    else if (line !== "response: 12" && this.#complaints.length < linesKept) this.#complaints.push(line);
  }
}
