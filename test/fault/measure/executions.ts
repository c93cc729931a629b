import { closeSync, openSync, readSync } from "node:fs";
import { idPrefixes } from "../traffic/classes.ts";

const blockBytes = 1 << 20;

/** Reads which requests ran, as the application itself wrote it down: the only witness that counts. */
export class Executions {
  readonly #fd: number;
  readonly #counts = new Map<string, number>();
  readonly #buffer = Buffer.alloc(blockBytes);
  #position = 0;
  #rest = "";

  constructor(file: string) {
    closeSync(openSync(file, "a"));
    this.#fd = openSync(file, "r");
  }

  /** Ids seen so far. */
  get size(): number {
    return this.#counts.size;
  }

  /** What has been written since the last call: how many ids ran once more than they had, by class. */
  takeTwice(): Record<string, number> {
    const twice: Record<string, number> = {};
    for (;;) {
      const bytes = readSync(this.#fd, this.#buffer, 0, blockBytes, this.#position);
      if (bytes === 0) return twice;
      this.#position += bytes;
      const lines = (this.#rest + this.#buffer.toString("latin1", 0, bytes)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const id of lines) this.#count(id, twice);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #count(id: string, twice: Record<string, number>): void {
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, count);
    if (count === 1) return;
    const name = Object.entries(idPrefixes).find(([, prefix]) => id.startsWith(prefix))?.[0] ?? "unknown";
    twice[name] = (twice[name] ?? 0) + 1;
  }
}
