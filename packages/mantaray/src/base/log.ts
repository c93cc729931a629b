import { writeSync } from "node:fs";
import { type Logger, pino } from "pino";

/** The logger every component receives; never a module singleton. */
export type Log = Logger;

/** Makes the process's root logger: JSON lines on standard error, level from `MANTA_LOG_LEVEL` (info). */
export const createLog = (component: string, fields: Record<string, unknown> = {}): Log =>
  pino(
    {
      level: process.env.MANTA_LOG_LEVEL ?? "info",
      base: { component, pid: process.pid, ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    standardError(),
  );

/**
 * Standard error, line by line. A disk that is full (or a reader that has gone) costs lines and nothing else; how many
 * is said when there is room again.
 */
const standardError = (): { write(line: string): void } => {
  let lost = 0;
  return {
    write: (line) => {
      try {
        if (lost > 0)
          writeSync(
            2,
            `${JSON.stringify({ level: 40, pid: process.pid, lost, msg: "lines of this log were lost" })}\n`,
          );
        lost = 0;
        writeSync(2, line);
      } catch {
        lost += 1;
      }
    },
  };
};

/** A logger that says nothing: for tests. */
export const silentLog: Log = pino({ level: "silent" });
