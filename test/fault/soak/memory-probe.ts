/**
 * Loaded into every process of a soak run by `NODE_OPTIONS`: on SIGUSR2 it collects garbage and writes down what is
 * left. The processes themselves are as they always are.
 */
import { appendFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

process.on("SIGUSR2", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What the first round finalises, the second frees.
  collect();
  collect();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const line = JSON.stringify({ rss, heapUsed, external, arrayBuffers });
  appendFileSync(`${process.env.CHAOS_RUN_DIR ?? "/tmp"}/memory-${process.pid}`, `${line}\n`);
});
