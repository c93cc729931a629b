import { performance } from "node:perf_hooks";

/** Milliseconds that `work` takes, rounded. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
};
