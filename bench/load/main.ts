import { createInterface } from "node:readline";
import { createLoad, type LoadOptions } from "./load.ts";

/**
 * The load generator as a process of its own: the measured servers do not share their loop with it. Each line
 * on standard input is a run; it answers with one line when the measured time begins, one when it ends, and one
 * with the result. It ends with its standard input.
 */
interface Run extends LoadOptions {
  readonly warmUpMs: number;
  readonly durationMs: number;
}

const say = (message: unknown): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

for await (const line of createInterface({ input: process.stdin })) {
  const run = JSON.parse(line) as Run;
  const load = createLoad(run);
  load.start();
  await sleep(run.warmUpMs);
  load.reset();
  say({ event: "begin" });
  await sleep(run.durationMs);
  const result = load.snapshot();
  say({ event: "end" });
  await load.stop();
  say({ event: "result", result });
}
process.exit(0);
