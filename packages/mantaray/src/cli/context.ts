import { type Clock, systemClock } from "../base/clock.ts";

/** The world a command runs in. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Writes to standard output, as it is. */
  readonly print: (text: string) => void;
  /** Writes a line to standard error. */
  readonly warn: (line: string) => void;
  /** A person reads standard output. */
  readonly interactive: boolean;
}

/** The process's own world. */
export const processContext = (): CliContext => ({
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  print: (text) => void process.stdout.write(text),
  warn: (line) => void process.stderr.write(`${line}\n`),
  interactive: process.stdout.isTTY,
});
