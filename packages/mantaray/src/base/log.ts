import { destination, type Logger, pino } from "pino";

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
    destination({ fd: 2, sync: true }),
  );

/** A logger that says nothing: for tests. */
export const silentLog: Log = pino({ level: "silent" });
