import { limits } from "../../base/limits.ts";
import { nodeLimits } from "../limits.ts";
import type { Watched } from "../watchdog.ts";
import type { HostedActors } from "./hosted-actors.ts";
import type { WorkerPool } from "./worker-pool.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What the watchdog has to ping: idle workers too, a stopped one would be handed to the next actor. */
export const watchedWorkers = (pool: WorkerPool, actors: HostedActors): Watched[] => [
  ...pool.idle.map((worker) => watched(worker, limits.watchdogTimeoutMs, () => void worker.kill())),
  ...actors.all.map(({ record, worker, state }) => {
    const wantedMs = record.spec.watchdogTimeoutMs;
    // A constructor may block for long; 0, switched off, stays off.
    const starts = state === "STARTING" && wantedMs > 0;
    const timeoutMs = starts ? Math.max(wantedMs, nodeLimits.startingWatchdogTimeoutMs) : wantedMs;
    return watched(worker, timeoutMs, (silentMs) => {
      const message = `the event loop did not answer for ${Math.round(silentMs)} ms`;
      void actors.kill(record.actorId, "UNRESPONSIVE", message);
    });
  }),
];

const watched = (worker: WorkerProcess, timeoutMs: number, onUnresponsive: (silentMs: number) => void): Watched => ({
  key: worker.workerId,
  // Before it registers nothing can be asked: its registration has a time limit of its own.
  timeoutMs: worker.client === undefined ? 0 : timeoutMs,
  ping: async () => worker.client?.ping({}, { timeoutMs: timeoutMs + 2 * nodeLimits.watchdogPeriodMs }),
  onUnresponsive,
});
