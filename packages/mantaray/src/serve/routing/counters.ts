import type { RouterCounters } from "./outbound-request.ts";

export const newCounters = (): RouterCounters => ({
  requests: 0,
  sent: 0,
  ok: 0,
  okAfterRetry: 0,
  rejected: 0,
  retriedNotAccepted: 0,
  retriedRepeatable: 0,
  retriedSilent: 0,
  outliers: 0,
  queued: 0,
  overflow: 0,
  timedOut: 0,
  canceled: 0,
  lost: 0,
  cut: 0,
  failed: 0,
});

/** Adds `counters` to `sum`, in place. */
export const addCounters = (sum: RouterCounters, counters: RouterCounters): RouterCounters => {
  for (const name of Object.keys(sum) as (keyof RouterCounters)[]) sum[name] += counters[name];
  return sum;
};
