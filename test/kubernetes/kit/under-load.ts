import { monitorEventLoopDelay } from "node:perf_hooks";
import { waitFor } from "mantaray/testing";
import { failuresOf, type OpenLoad } from "../open-load.ts";
import type { ServeKit } from "./serve-kit.ts";

/** A moderate load for two cores that the nodes, the operator and the API server share with it. */
const ratePerSecond = 120;
const requestsTimeoutMs = 60_000;

/** What `underLoad` counted; the rest tells what a failure was. */
export interface LoadOutcome {
  readonly sent: number;
  /** Requests without the right answer. */
  readonly failures: number;
  /** Connections that nobody took. */
  readonly refused: number;
  readonly statuses: Readonly<Record<number, number>>;
  readonly cut: number;
  readonly wrong: number;
  readonly timedOut: number;
  /** Longest time that this process did not get to run. Where it is about a request's own limit, time-outs say nothing. */
  readonly stallMs: number;
}

/** All went well. */
export const noFailures = { failures: 0, refused: 0, statuses: {}, cut: 0, wrong: 0, timedOut: 0 };

/** Lets something happen to a RayService under load, with requests before and after it. */
export const underLoad = async (
  kit: ServeKit,
  service: string,
  happening: () => Promise<void>,
  right?: string[],
): Promise<LoadOutcome> => {
  const load = await kit.load(service, ratePerSecond, right);
  const delays = monitorEventLoopDelay();
  delays.enable();
  await moreRequests(load);
  await happening();
  await moreRequests(load);
  const result = await load.stop();
  delays.disable();
  const { sent, refused, statuses, cut, wrong, timedOut } = result;
  return { sent, failures: failuresOf(result), refused, statuses, cut, wrong, timedOut, stallMs: delays.max / 1e6 };
};

const moreRequests = (load: OpenLoad): Promise<unknown> => {
  const end = load.snapshot().sent + 2 * ratePerSecond;
  return waitFor(() => load.snapshot().sent >= end, { timeoutMs: requestsTimeoutMs, what: "more requests" });
};
