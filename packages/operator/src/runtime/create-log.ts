import { createWriteStream } from "node:fs";
import { type Logger, multistream, pino, type StreamEntry } from "pino";
import type { LogSettings } from "./settings.ts";

/** Makes the program's logger: JSON or readable lines on standard output, and in a file when one is set. */
export const createLog = (settings: LogSettings): Logger => {
  const streams: StreamEntry[] = [{ level: "trace", stream: encoded(process.stdout, settings.stdoutEncoder) }];
  if (settings.filePath !== "") {
    const file = createWriteStream(settings.filePath, { flags: "a" });
    // A disk that is full costs lines of the file, not the operator.
    file.on("error", () => undefined);
    streams.push({ level: "trace", stream: encoded(file, settings.fileEncoder) });
  }
  return pino(
    { level: settings.level, base: { component: "manta-operator" }, timestamp: pino.stdTimeFunctions.isoTime },
    multistream(streams),
  );
};

interface Lines {
  write(line: string): unknown;
}

const encoded = (stream: Lines, encoder: LogSettings["stdoutEncoder"]): Lines =>
  encoder === "json" ? stream : { write: (line) => stream.write(readable(line)) };

/** `time LEVEL message {fields}`. */
const readable = (line: string): string => {
  const { level, time, msg, component: _, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const name = pino.levels.labels[Number(level)]?.toUpperCase() ?? String(level);
  const rest = Object.keys(fields).length === 0 ? "" : `\t${JSON.stringify(fields)}`;
  return `${String(time)}\t${name}\t${String(msg)}${rest}\n`;
};
