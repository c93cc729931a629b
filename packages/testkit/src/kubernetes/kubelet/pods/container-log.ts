import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { kubeletLimits } from "../limits.ts";

/** One line as it was written. */
export interface LogLine {
  /** RFC 3339 with a fraction. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** Without the newline; what was cut is several lines of which all but the last are `partial`. */
  readonly text: string;
  readonly partial: boolean;
}

/**
 * What a container says, in files as a container runtime writes them (`<time> <stream> F|P <text>`), bounded: a full
 * file becomes `<file>.1`, and the one before it is gone.
 */
export class ContainerLog {
  readonly #file: string;
  readonly #rest = { stdout: "", stderr: "" };
  readonly #listeners = new Set<(line: LogLine | undefined) => void>();
  #sizeBytes: number;
  #isClosed = false;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    this.#sizeBytes = existsSync(file) ? statSync(file).size : 0;
  }

  /** Bytes of the container, as they come. */
  write(stream: "stdout" | "stderr", chunk: Buffer, now: Date): void {
    // Bytes stay bytes: text is cut anywhere, also inside a character.
    const lines = (this.#rest[stream] + chunk.toString("latin1")).split("\n");
    let rest = lines.pop() ?? "";
    const time = now.toISOString();
    const whole = lines.map((text): LogLine => ({ time, stream, text, partial: false }));
    while (rest.length > kubeletLimits.logLineBytesMax) {
      whole.push({ time, stream, text: rest.slice(0, kubeletLimits.logLineBytesMax), partial: true });
      rest = rest.slice(kubeletLimits.logLineBytesMax);
    }
    this.#rest[stream] = rest;
    this.#append(whole);
  }

  /** The container has ended: what it did not finish with a newline is written, readers are at the end. */
  close(now: Date): void {
    if (this.#isClosed) return;
    for (const stream of ["stdout", "stderr"] as const) {
      const text = this.#rest[stream];
      if (text !== "") this.#append([{ time: now.toISOString(), stream, text, partial: true }]);
      this.#rest[stream] = "";
    }
    this.#isClosed = true;
    for (const listener of this.#listeners) listener(undefined);
    this.#listeners.clear();
  }

  /** Everything that is still there, oldest first. */
  lines(): LogLine[] {
    return [`${this.#file}.1`, this.#file].flatMap(readLines);
  }

  /** Each line from now on, then undefined when the container has ended. Returns how to stop. */
  follow(listener: (line: LogLine | undefined) => void): () => void {
    if (this.#isClosed) listener(undefined);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #append(lines: readonly LogLine[]): void {
    if (lines.length === 0) return;
    const text = lines.map((line) => `${line.time} ${line.stream} ${line.partial ? "P" : "F"} ${line.text}\n`).join("");
    if (this.#sizeBytes + text.length > kubeletLimits.logFileBytesMax && this.#sizeBytes > 0) {
      renameSync(this.#file, `${this.#file}.1`);
      this.#sizeBytes = 0;
    }
    appendFileSync(this.#file, Buffer.from(text, "latin1"));
    this.#sizeBytes += text.length;
    for (const line of lines) for (const listener of this.#listeners) listener(line);
  }
}

/** Reads a file that a `ContainerLog` wrote; none is empty. `text` is latin1: one character a byte. */
export const readLines = (file: string): LogLine[] => {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "latin1");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [time = "", stream = "", flag = ""] = line.split(" ", 3);
      return {
        time,
        stream: stream === "stderr" ? "stderr" : "stdout",
        text: line.slice(time.length + stream.length + flag.length + 3),
        partial: flag === "P",
      };
    });
};
