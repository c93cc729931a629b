import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { nodeLimits } from "./limits.ts";
import type { Registration } from "./registration.ts";
import type { Supervisor } from "./supervise/supervisor.ts";
import type { HostedActor, HostedActors } from "./workers/hosted-actors.ts";
import type { WorkerPool } from "./workers/worker-pool.ts";

/** The parts of a node, as they are stopped. */
export interface NodeParts {
  readonly actors: HostedActors;
  readonly pool: WorkerPool;
  readonly registration: Registration;
  readonly gcs: Supervisor | undefined;
  readonly dashboard: Supervisor | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Stops a node in the order that loses no request: no new actors; controller and replicas finish what is
 * in flight while the proxies still carry the answers out; the proxies; the farewell; the API server; the
 * control store. One bound, ms from now, for all of it; an aborted `hurry` ends every wait.
 */
export const stopInOrder = async (
  parts: NodeParts,
  reason: string,
  hurry: AbortSignal,
  boundMs: number = nodeLimits.shutdownMs,
): Promise<void> => {
  const { actors, pool, registration, gcs, dashboard, clock, log } = parts;
  const endMs = clock.nowMs() + boundMs;
  // What comes after the actors has its share kept free.
  const lastSteps = 1 + (gcs === undefined ? 0 : 1) + (dashboard === undefined ? 0 : 1);
  const actorsEndMs = endMs - lastSteps * nodeLimits.shutdownStepMs;
  log.info({ reason }, "the node stops");
  actors.drain();
  pool.close();
  const stopAll = async (chosen: readonly HostedActor[], untilMs: number): Promise<void> => {
    const spareMs = untilMs - clock.nowMs() - nodeLimits.ladderSlackMs - nodeLimits.ladderTermMs;
    await Promise.all(
      chosen.map(({ record }) => {
        const graceMs = Math.max(0, Math.min(record.spec.stopGraceMs, spareMs));
        return actors.stop(record.actorId, { graceMs, reason, hurry });
      }),
    );
  };
  const idle = pool.idle.map((worker) => worker.stop({ graceMs: 0, reason, hurry }));
  // Replicas may use the first half, so that the proxies have time of their own.
  await stopAll(
    actors.all.filter((actor) => !isProxy(actor)),
    clock.nowMs() + (actorsEndMs - clock.nowMs()) * 0.6,
  );
  await stopAll(actors.all.filter(isProxy), actorsEndMs);
  await Promise.all(idle);
  await Promise.all(pool.workers.map((worker) => worker.kill()));
  await registration.leave(reason);
  await dashboard?.stop(nodeLimits.shutdownStepMs, reason, hurry);
  await gcs?.stop(nodeLimits.shutdownStepMs, reason, hurry);
  log.info("the node has stopped");
};

const isProxy = ({ record }: HostedActor): boolean => record.spec.entry.module === "serve-proxy";
