import { ClosedLoop, type LoopOptions } from "./closed-loop.ts";
import { LoadCounters, type LoadSnapshot } from "./load-counters.ts";

/** Options of `createLoad`. */
export type LoadOptions = LoopOptions;

/** A running or stopped load. */
export interface Load {
  start(): void;
  /** Forgets what was counted so far: for the end of a warm-up. */
  reset(): void;
  snapshot(): LoadSnapshot;
  /** Sends no more, waits up to `waitMs` (default 2 s) for open answers, closes, and returns the last snapshot. */
  stop(waitMs?: number): Promise<LoadSnapshot>;
}

/** Makes a load: closed-loop connections that never repeat a request by themselves and reconnect after a cut. */
export const createLoad = (options: LoadOptions): Load => {
  const counters = new LoadCounters();
  const loop = new ClosedLoop(options, counters);
  const snapshot = (): LoadSnapshot => counters.snapshot(performance.now());
  return {
    start: () => {
      if (!loop.running) counters.reset(performance.now());
      loop.start();
    },
    reset: () => counters.reset(performance.now()),
    snapshot,
    stop: async (waitMs = 2_000) => {
      await loop.settle(waitMs);
      const last = snapshot();
      loop.close();
      return last;
    },
  };
};
