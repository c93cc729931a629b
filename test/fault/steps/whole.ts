import type { FaultContext } from "../types.ts";

/** Waits until every application has all its replicas running, and returns their pids. */
export const untilWhole = async ({ cluster, state }: FaultContext, timeoutMs = 30_000): Promise<readonly number[]> =>
  await state.until(
    "all replicas running",
    async () => {
      const deployments = Object.values((await cluster.api.apps()).applications).flatMap((app) =>
        Object.values(app.deployments),
      );
      const whole = deployments.every(
        ({ replicas, target_num_replicas }) =>
          replicas.filter(({ state: at }) => at === "RUNNING").length >= target_num_replicas,
      );
      return whole && deployments.flatMap(({ replicas }) => replicas.flatMap(({ pid }) => (pid === null ? [] : [pid])));
    },
    timeoutMs,
  );
