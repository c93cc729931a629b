import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { killPid, startTimeOf } from "../processes.ts";
import { ip, pidsIn } from "./ip.ts";

/** `manta-<pid of the owner>-<its start time>-<random>-<label>`: tells ours from all others, and the living from the dead. */
const namePattern = /^manta-(\d+)-(\d+)-[0-9a-f]+-/;

/**
 * The network namespaces of one test. They end with `close`, with this process (also by Ctrl-C), or, where it was
 * killed, before the next test makes its own. Every process in them ends too.
 */
export class Namespaces {
  readonly #prefix: string;
  readonly #names: string[] = [];
  readonly #onExit = (): void => this.close();

  constructor() {
    sweepNamespaces();
    this.#prefix = `manta-${process.pid}-${startTimeOf(process.pid) ?? "0"}-${randomBytes(3).toString("hex")}-`;
    process.on("exit", this.#onExit);
  }

  /** Makes one, its loopback up, and returns its name. */
  add(label: string): string {
    const name = this.#prefix + label;
    ip(["netns", "add", name]);
    this.#names.push(name);
    ip(["-n", name, "link", "set", "lo", "up"]);
    return name;
  }

  /** Kills what runs in them and removes them. */
  close(): void {
    process.off("exit", this.#onExit);
    for (const name of this.#names.splice(0)) remove(name);
  }
}

/** Removes what tests left whose process was killed. */
const sweepNamespaces = (): void => {
  for (const name of namespaces()) {
    const [, pid, startTime] = namePattern.exec(name) ?? [];
    if (pid !== undefined && startTimeOf(Number(pid)) !== startTime) remove(name);
  }
};

const namespaces = (): string[] => {
  try {
    return readdirSync("/run/netns");
  } catch {
    // Nobody has made any.
    return [];
  }
};

const remove = (name: string): void => {
  // Twice: the first round may have been starting more.
  for (let round = 0; round < 2; round += 1) {
    for (const pid of pidsIn(name)) killPid(pid);
  }
  ip(["netns", "delete", name]);
};
