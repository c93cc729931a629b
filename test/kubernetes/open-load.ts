import { waitFor } from "mantaray/testing";
import { LoadCounters, type LoadSnapshot } from "../../bench/load/load-counters.ts";
import type { LoadRequest } from "../../bench/load/load-request.ts";
import { OpenLoop } from "../../bench/load/open-loop.ts";

/** Who gets no answer for so long has failed. */
const timeoutMs = 30_000;
const settleMs = timeoutMs + 1_000;

/** A load that runs: requests that come at their rate, whatever becomes of those before them. */
export interface OpenLoad {
  snapshot(): LoadSnapshot;
  /** Waits for open answers. */
  stop(): Promise<LoadSnapshot>;
}

/** Starts requests at this rate from this process. */
export const startOpenLoad = (url: string, ratePerSecond: number, requests: readonly LoadRequest[]): OpenLoad => {
  const counters = new LoadCounters();
  const options = { url, ratePerSecond, connectionsMax: 200, requests, timeoutMs, random: () => Math.random() };
  const loop = new OpenLoop(options, counters);
  counters.reset(performance.now());
  loop.start();
  const snapshot = (): LoadSnapshot => counters.snapshot(performance.now());
  return {
    snapshot,
    stop: async () => {
      loop.pause();
      await waitFor(() => loop.openSinceMs === undefined, { timeoutMs: settleMs, what: "the last answers" });
      const last = snapshot();
      loop.close();
      return last;
    },
  };
};

/** Requests that were not answered as they should be; `refused` connections are none, their requests wait. */
export const failuresOf = ({ sent, ok }: LoadSnapshot): number => sent - ok;
